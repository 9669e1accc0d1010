#include "src/io/hdf5_native.hpp"

#include <algorithm>
#include <array>

#include "fedscape/base/check.hpp"

namespace fedscape::hdf5 {
namespace {

constexpr std::int64_t kMostTextBytes = 1 << 26;  // of one dataset or attribute

herr_t innermost(unsigned, const H5E_error2_t* error, void* text) {
  if (error->desc != nullptr) *static_cast<std::string*>(text) = error->desc;
  return 1;  // stops the walk
}

/// Strings that HDF5 allocated, given back whatever happens.
struct Texts {
  Texts(hid_t type_in, hid_t space_in, std::int64_t count)
      : type(type_in), space(space_in), data(static_cast<std::size_t>(count), nullptr) {}
  ~Texts() { H5Dvlen_reclaim(type, space, H5P_DEFAULT, data.data()); }
  hid_t type, space;
  std::vector<char*> data;
};

}  // namespace

void close(std::int64_t id) noexcept { H5Idec_ref(id); }

std::int64_t check(std::int64_t result, const char* call, const std::string& where) {
  if (result >= 0) return result;
  std::string reason = "no reason given";
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, innermost, &reason);
  fail(fmt::format("{}: {} failed: {}", where, call, reason));
}

void prepare() {
  static const bool done = [] {
    H5open();
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    H5PLset_loading_state(0);
    return true;
  }();
  (void)done;
}

hid_t native(Type type) {
  const std::array<hid_t, 5> types{H5T_NATIVE_FLOAT, H5T_NATIVE_DOUBLE, H5T_NATIVE_INT64, H5T_NATIVE_INT32,
                                   H5T_NATIVE_UINT8};
  return types[static_cast<std::size_t>(type)];
}

std::int64_t bytes_of(Type type) { return std::array<std::int64_t, 5>{4, 8, 8, 4, 1}[static_cast<std::size_t>(type)]; }

Id text_type(const std::string& where) {
  Id type(HDF5_CHECK(where, H5Tcopy(H5T_C_S1)));
  HDF5_CHECK(where, H5Tset_size(type.get(), H5T_VARIABLE));
  HDF5_CHECK(where, H5Tset_cset(type.get(), H5T_CSET_UTF8));
  return type;
}

Shape shape_of(hid_t space, const std::string& where) {
  const int rank = static_cast<int>(HDF5_CHECK(where, H5Sget_simple_extent_ndims(space)));
  FEDSCAPE_CHECK(rank <= Shape::kMaxRank, "{}: at most {} axes expected, found {}", where, Shape::kMaxRank, rank);
  std::array<hsize_t, Shape::kMaxRank> extents{};
  HDF5_CHECK(where, H5Sget_simple_extent_dims(space, extents.data(), nullptr));
  std::array<std::int64_t, Shape::kMaxRank> checked{};
  std::int64_t size = 1;
  for (int axis = 0; axis < rank; ++axis) {
    const auto at = static_cast<std::size_t>(axis);
    FEDSCAPE_CHECK(extents[at] <= (1ULL << 62), "{}: an extent of {}", where, extents[at]);
    checked[at] = static_cast<std::int64_t>(extents[at]);
    FEDSCAPE_CHECK(!__builtin_mul_overflow(size, std::max<std::int64_t>(checked[at], 1), &size),
                   "{}: more elements than 2^63", where);
  }
  return Shape(std::span<const std::int64_t>(checked.data(), static_cast<std::size_t>(rank)));
}

std::vector<std::string> strings(hid_t type, hid_t space, std::int64_t count, const std::string& where,
                                 const ReadInto& read) {
  FEDSCAPE_CHECK(H5Tget_class(type) == H5T_STRING, "{}: strings expected, found another type", where);
  std::vector<std::string> out;
  if (count == 0) return out;
  if (HDF5_CHECK(where, H5Tis_variable_str(type)) > 0) {
    FEDSCAPE_CHECK(count <= kMostTextBytes / 8, "{}: {} strings are too many", where, count);
    Texts texts(type, space, count);
    read(type, texts.data.data());
    for (const char* text : texts.data) out.emplace_back(text != nullptr ? text : "");
    return out;
  }
  const auto size = static_cast<std::int64_t>(H5Tget_size(type));
  FEDSCAPE_CHECK(size > 0 && size <= kMostTextBytes / count, "{}: {} strings of {} bytes are too many", where, count,
                 size);
  std::string text(static_cast<std::size_t>(size * count), '\0');
  read(type, text.data());
  for (std::int64_t i = 0; i < count; ++i) {
    const std::string one = text.substr(static_cast<std::size_t>(i * size), static_cast<std::size_t>(size));
    out.push_back(one.substr(0, one.find('\0')));
  }
  return out;
}

}  // namespace fedscape::hdf5
