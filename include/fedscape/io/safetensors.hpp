#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fedscape/base/shape.hpp"

namespace fedscape {

enum class TensorType { f64, f32, f16, bf16, i64, i32, u8 };
std::string_view name_of(TensorType type);  // "F32"
std::int64_t bytes_of(TensorType type);     // of one element

/// A named dense array as a safetensors file holds it: row-major, little-endian.
struct NamedTensor {
  std::string name;
  TensorType type = TensorType::f32;
  Shape shape;
  std::vector<std::byte> bytes;

  /// The elements as floats: of a floating type exactly or rounded to nearest, of an integer type converted.
  std::vector<float> floats() const;
  /// The elements of an integer type; an Error names the tensor if it holds floats.
  std::vector<std::int64_t> integers() const;
};
NamedTensor float_tensor(std::string name, const Shape& shape, const std::vector<float>& values);
NamedTensor integer_tensor(std::string name, const Shape& shape, const std::vector<std::int64_t>& values);

/// The contents of a safetensors file (Hugging Face, 2022): eight bytes of header length, a JSON header of names,
/// types, shapes and byte ranges, then the data.
struct TensorFile {
  std::vector<NamedTensor> tensors;                           // in the order of their data
  std::vector<std::pair<std::string, std::string>> metadata;  // free text, sorted by key

  const NamedTensor* find(std::string_view name) const;  // null if there is none
};

/// Reads a whole file of at most `most` bytes. An Error names file, tensor, expectation and finding where lengths,
/// types, shapes or ranges do not fit: ranges must cover the data without overlap or gap, names must be unique.
TensorFile read_safetensors(const std::filesystem::path& path, std::int64_t most = 1LL << 36);
/// Replaces the file at `path`; see replace_file.
void write_safetensors(const std::filesystem::path& path, const TensorFile& file);

}  // namespace fedscape
