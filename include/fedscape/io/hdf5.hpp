#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fedscape/base/handle.hpp"
#include "fedscape/base/shape.hpp"

/// Owners of HDF5's objects, see hdf5_file.hpp for files. Every call is checked, every Error names file, object,
/// expectation and finding. One thread at a time. Links other than hard ones, external and virtual storage and filter
/// plug-ins are refused.
namespace fedscape::hdf5 {

void close(std::int64_t id) noexcept;
using Id = Handle<std::int64_t, close, std::int64_t{-1}>;

enum class Type { f32, f64, i64, i32, u8 };
template <class T>
concept Element = std::same_as<T, float> || std::same_as<T, double> || std::same_as<T, std::int64_t> ||
    std::same_as<T, std::int32_t> || std::same_as<T, std::uint8_t>;
template <Element T>
inline constexpr Type kType = Type{std::same_as<T, double> * 1 + std::same_as<T, std::int64_t> * 2 +
                                   std::same_as<T, std::int32_t> * 3 + std::same_as<T, std::uint8_t> * 4};

/// What groups and datasets have in common: attributes. Setting one that exists replaces it.
class Object {
 public:
  Object(Id id, std::string where) : id_(std::move(id)), where_(std::move(where)) {}
  void set_text(const std::string& name, const std::string& value);
  void set_integer(const std::string& name, std::int64_t value);
  void set_number(const std::string& name, double value);
  bool has_attribute(const std::string& name) const;
  std::vector<std::string> attributes() const;  // names, sorted
  std::string text(const std::string& name) const;
  std::int64_t integer(const std::string& name) const;
  double number(const std::string& name) const;
  const std::string& where() const { return where_; }  // "run.h5: /metrics/loss"

 protected:
  Id id_;
  std::string where_;
};

/// A dataset of numbers or strings. Reading converts within a kind (float64 to float32; wider integers clip) and from
/// integers to floats, never from floats to integers.
class Dataset : public Object {
 public:
  using Object::Object;
  Shape shape() const;
  bool holds_text() const;
  bool holds_floats() const;
  /// All elements; an Error if there are more than `most`.
  template <Element T>
  std::vector<T> read(std::int64_t most) const {
    std::vector<T> out(static_cast<std::size_t>(checked_size(most)));
    read_all(kType<T>, out.data());
    return out;
  }
  std::vector<std::string> read_text(std::int64_t most) const;
  /// Rows begin, begin + 1, ... of axis 0, as many as fill `out`.
  template <Element T>
  void read_rows(std::int64_t begin, std::span<T> out) const {
    read_rows(kType<T>, begin, static_cast<std::int64_t>(out.size()), out.data());
  }
  /// Overwrites all elements; as many as there are.
  template <Element T>
  void overwrite(std::span<const T> values) {
    write_all(kType<T>, values.data(), static_cast<std::int64_t>(values.size()));
  }
  /// Adds whole rows at the end of axis 0 of an extendible dataset.
  template <Element T>
  void append(std::span<const T> rows) {
    append_rows(kType<T>, rows.data(), static_cast<std::int64_t>(rows.size()));
  }
  /// Keeps the first `rows` rows of an extendible dataset.
  void truncate(std::int64_t rows);

 private:
  friend class Group;
  std::int64_t checked_size(std::int64_t most) const;
  void read_all(Type type, void* out) const;
  void read_rows(Type type, std::int64_t begin, std::int64_t count, void* out) const;
  void write_all(Type type, const void* values, std::int64_t count);
  void append_rows(Type type, const void* values, std::int64_t count);
};

/// A group; paths are relative to it and may have several parts ("metrics/loss").
class Group : public Object {
 public:
  using Object::Object;
  bool has_group(std::string_view path) const;
  bool has_dataset(std::string_view path) const;
  std::vector<std::string> names(std::int64_t most = 10'000'000) const;  // of its members, sorted
  Group group(const std::string& path) const;
  Dataset dataset(const std::string& path) const;
  Group make_group(const std::string& path);  // with its parents; opens those that exist
  template <Element T>
  Dataset write(const std::string& path, const Shape& shape, std::span<const T> values) {
    Dataset made = make(path, kType<T>, shape, false);
    made.overwrite(values);
    return made;
  }
  Dataset write_text(const std::string& path, std::span<const std::string> values);
  Dataset write_text(const std::string& path, const std::string& value);  // of shape []
  /// A new extendible dataset of shape [0, row].
  template <Element T>
  Dataset make_rows(const std::string& path, const Shape& row = {}) {
    return make(path, kType<T>, row.under(0), true);
  }

 private:
  bool has(std::string_view path, int object_type) const;
  Dataset make_text(const std::string& path, const Shape& shape, std::span<const std::string> values);
  Dataset make(const std::string& path, Type type, const Shape& shape, bool extendible);
  std::string inside(std::string_view path) const;  // where() of a member
};

}  // namespace fedscape::hdf5
