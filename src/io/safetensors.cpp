#include "fedscape/io/safetensors.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>
#include <span>

#include "fedscape/base/check.hpp"
#include "fedscape/io/atomic_file.hpp"

namespace fedscape {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::int64_t kMostHeaderBytes = 100'000'000;  // as the reference implementation
constexpr int kMostDepth = 3;                           // {"name": {"shape": [
constexpr std::string_view kMetadata = "__metadata__";

struct TypeEntry {
  std::string_view name;
  std::int64_t bytes;
};
constexpr std::array<TypeEntry, 7> kTypes{
    {{"F64", 8}, {"F32", 4}, {"F16", 2}, {"BF16", 2}, {"I64", 8}, {"I32", 4}, {"U8", 1}}};

/// IEEE 754 half to single precision; exact.
float from_half(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half >> 15) << 31, rest = half & 0x7fffu;
  if (rest >= 0x7c00u) return std::bit_cast<float>(sign | 0x7f800000u | (rest & 0x3ffu) << 13);  // infinity, NaN
  // Subnormal halves are normal singles: scaling by 2^112 rebiases the exponent of both kinds.
  const float scaled = std::bit_cast<float>(rest << 13) * std::bit_cast<float>(std::uint32_t{(127 + 112) << 23});
  return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(scaled));
}

float from_bfloat(std::uint16_t value) { return std::bit_cast<float>(static_cast<std::uint32_t>(value) << 16); }

/// Every element of `bytes`, seen as a T, through `convert`.
template <class T, class Out, class Convert>
std::vector<Out> converted(const std::vector<std::byte>& bytes, Convert convert) {
  std::vector<Out> out(bytes.size() / sizeof(T));
  for (std::size_t i = 0; i < out.size(); ++i) {
    T value;
    std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
    out[i] = convert(value);
  }
  return out;
}

struct Converter {
  template <class T>
  float operator()(T value) const {
    return static_cast<float>(value);
  }
};

/// Parses the header. Depth and duplicate keys are refused while parsing, before they could take memory or vanish.
nlohmann::json parse_header(std::string_view text, const std::string& where) {
  std::array<std::set<std::string>, kMostDepth + 1> keys;
  const auto watch = [&](int depth, nlohmann::json::parse_event_t event, nlohmann::json& parsed) {
    using Event = nlohmann::json::parse_event_t;
    if (event == Event::object_start || event == Event::array_start) {
      FEDSCAPE_CHECK(depth < kMostDepth, "{}: a flat header expected, found one nested deeper than {}", where,
                     kMostDepth);
      keys[static_cast<std::size_t>(depth) + 1].clear();
    }
    if (event == Event::key) {
      const auto [name, added] = keys[static_cast<std::size_t>(depth)].insert(parsed.get<std::string>());
      FEDSCAPE_CHECK(added, "{}: {} occurs twice in the header", where, *name);
    }
    return true;
  };
  nlohmann::json header = nlohmann::json::parse(text.begin(), text.end(), watch, false);
  FEDSCAPE_CHECK(!header.is_discarded() && header.is_object(), "{}: a JSON header expected, found something else",
                 where);
  return header;
}

/// A number that may be an extent or an offset.
std::int64_t natural(const nlohmann::json& value, const std::string& where) {
  FEDSCAPE_CHECK(value.is_number_unsigned() && value.get<std::uint64_t>() <= (1ULL << 62),
                 "{}: a number from 0 to 2^62 expected, found {}", where, value.dump(-1, ' ', true).substr(0, 40));
  return value.get<std::int64_t>();
}

std::vector<std::int64_t> naturals(const nlohmann::json& entry, const char* key, std::size_t most,
                                   const std::string& where) {
  FEDSCAPE_CHECK(entry.is_object() && entry.contains(key) && entry[key].is_array(),
                 "{}: a list {} expected, found none", where, key);
  FEDSCAPE_CHECK(entry[key].size() <= most, "{}: at most {} numbers in {} expected, found {}", where, most, key,
                 entry[key].size());
  std::vector<std::int64_t> out;
  for (const nlohmann::json& value : entry[key]) out.push_back(natural(value, where + " " + key));
  return out;
}

TensorType type_named(const nlohmann::json& entry, const std::string& where) {
  FEDSCAPE_CHECK(entry.contains("dtype") && entry["dtype"].is_string(), "{}: a dtype expected, found none", where);
  const auto name = entry["dtype"].get<std::string>();
  const auto found =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const TypeEntry& type) { return type.name == name; });
  FEDSCAPE_CHECK(found != kTypes.end(), "{}: dtype F64, F32, F16, BF16, I64, I32 or U8 expected, found {}", where,
                 name);
  return static_cast<TensorType>(found - kTypes.begin());
}

struct Entry {
  NamedTensor tensor;
  std::int64_t begin, end;  // of its data
};

Entry parse_entry(const std::string& name, const nlohmann::json& entry, std::int64_t data, const std::string& file) {
  const std::string where = file + ": " + name;
  Entry out;
  const std::vector<std::int64_t> extents = naturals(entry, "shape", Shape::kMaxRank, where);
  const std::vector<std::int64_t> range = naturals(entry, "data_offsets", 2, where);
  out.tensor.name = name;
  out.tensor.type = type_named(entry, where);
  FEDSCAPE_CHECK(range.size() == 2 && range[0] <= range[1] && range[1] <= data,
                 "{}: a byte range within {} bytes of data expected, found {}", where, data,
                 entry["data_offsets"].dump());
  out.begin = range[0];
  out.end = range[1];
  std::int64_t bytes = bytes_of(out.tensor.type);
  bool fits = true;
  for (const std::int64_t extent : extents) fits = fits && !__builtin_mul_overflow(bytes, extent, &bytes);
  FEDSCAPE_CHECK(fits && bytes == out.end - out.begin, "{}: the bytes of {} [{}] expected, found {}", where,
                 name_of(out.tensor.type), fmt::join(extents, ","), out.end - out.begin);
  out.tensor.shape = Shape(std::span(extents));
  return out;
}

void check_coverage(std::span<const Entry> sorted, std::int64_t data, const std::string& file) {
  std::int64_t at = 0;
  for (const Entry& entry : sorted) {
    FEDSCAPE_CHECK(entry.begin == at, "{}: {}: data from byte {} expected, found {} (overlap or gap)", file,
                   entry.tensor.name, at, entry.begin);
    at = entry.end;
  }
  FEDSCAPE_CHECK(at == data, "{}: {} bytes of data expected, found {}", file, at, data);
}

}  // namespace

std::string_view name_of(TensorType type) { return kTypes[static_cast<std::size_t>(type)].name; }
std::int64_t bytes_of(TensorType type) { return kTypes[static_cast<std::size_t>(type)].bytes; }

std::vector<float> NamedTensor::floats() const {
  switch (type) {
    case TensorType::f64:
      return converted<double, float>(bytes, Converter{});
    case TensorType::f32:
      return converted<float, float>(bytes, Converter{});
    case TensorType::f16:
      return converted<std::uint16_t, float>(bytes, from_half);
    case TensorType::bf16:
      return converted<std::uint16_t, float>(bytes, from_bfloat);
    case TensorType::i64:
      return converted<std::int64_t, float>(bytes, Converter{});
    case TensorType::i32:
      return converted<std::int32_t, float>(bytes, Converter{});
    case TensorType::u8:
      return converted<std::uint8_t, float>(bytes, Converter{});
  }
  fail("a tensor type that does not exist");
}

std::vector<std::int64_t> NamedTensor::integers() const {
  const auto widen = [](auto value) { return static_cast<std::int64_t>(value); };
  if (type == TensorType::i64) return converted<std::int64_t, std::int64_t>(bytes, widen);
  if (type == TensorType::i32) return converted<std::int32_t, std::int64_t>(bytes, widen);
  FEDSCAPE_CHECK(type == TensorType::u8, "{}: integers expected, found {}", name, name_of(type));
  return converted<std::uint8_t, std::int64_t>(bytes, widen);
}

NamedTensor float_tensor(std::string name, const Shape& shape, const std::vector<float>& values) {
  const auto bytes = std::as_bytes(std::span(values));
  return {std::move(name), TensorType::f32, shape, {bytes.begin(), bytes.end()}};
}

NamedTensor integer_tensor(std::string name, const Shape& shape, const std::vector<std::int64_t>& values) {
  const auto bytes = std::as_bytes(std::span(values));
  return {std::move(name), TensorType::i64, shape, {bytes.begin(), bytes.end()}};
}

const NamedTensor* TensorFile::find(std::string_view name) const {
  const auto found =
      std::find_if(tensors.begin(), tensors.end(), [&](const NamedTensor& tensor) { return tensor.name == name; });
  return found == tensors.end() ? nullptr : &*found;
}

TensorFile read_safetensors(const std::filesystem::path& path, std::int64_t most) {
  const std::string file = path.string();
  const std::vector<std::byte> bytes = read_bytes(path, most);
  std::uint64_t length = 0;
  FEDSCAPE_CHECK(bytes.size() >= sizeof length, "{}: a safetensors file expected, found {} bytes", file, bytes.size());
  std::memcpy(&length, bytes.data(), sizeof length);
  const std::uint64_t limit = std::min<std::uint64_t>(bytes.size() - sizeof length, kMostHeaderBytes);
  FEDSCAPE_CHECK(length <= limit, "{}: a header of at most {} bytes expected, found {}", file, limit, length);
  const std::span<const std::byte> data = std::span(bytes).subspan(sizeof length + length);
  const nlohmann::json header =
      parse_header({reinterpret_cast<const char*>(bytes.data()) + sizeof length, length}, file);

  TensorFile out;
  std::vector<Entry> entries;
  for (const auto& [name, entry] : header.items()) {
    if (name != kMetadata) {
      entries.push_back(parse_entry(name, entry, static_cast<std::int64_t>(data.size()), file));
      continue;
    }
    FEDSCAPE_CHECK(entry.is_object(), "{}: metadata by name expected, found something else", file);
    for (const auto& [key, text] : entry.items()) {
      FEDSCAPE_CHECK(text.is_string(), "{}: metadata {}: text expected, found something else", file, key);
      out.metadata.emplace_back(key, text.get<std::string>());
    }
  }
  // By end as well, so that an empty tensor comes before the one that begins where it lies.
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
  check_coverage(entries, static_cast<std::int64_t>(data.size()), file);
  for (Entry& entry : entries) {
    const auto mine =
        data.subspan(static_cast<std::size_t>(entry.begin), static_cast<std::size_t>(entry.end - entry.begin));
    entry.tensor.bytes.assign(mine.begin(), mine.end());
    out.tensors.push_back(std::move(entry.tensor));
  }
  return out;
}

void write_safetensors(const std::filesystem::path& path, const TensorFile& file) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!file.metadata.empty()) header[std::string(kMetadata)] = nlohmann::ordered_json::object();
  for (const auto& [key, text] : file.metadata) header[std::string(kMetadata)][key] = text;
  std::int64_t at = 0;
  for (const NamedTensor& tensor : file.tensors) {
    const auto size = static_cast<std::int64_t>(tensor.bytes.size());
    FEDSCAPE_CHECK(size == tensor.shape.size() * bytes_of(tensor.type), "{}: {}: {} bytes for {} {}", path.string(),
                   tensor.name, size, name_of(tensor.type), tensor.shape.text());
    FEDSCAPE_CHECK(!header.contains(tensor.name), "{}: two tensors named {}", path.string(), tensor.name);
    header[tensor.name] = {
        {"dtype", name_of(tensor.type)}, {"shape", tensor.shape.extents()}, {"data_offsets", {at, at + size}}};
    at += size;
  }
  std::string text = header.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  text.resize((text.size() + 7) / 8 * 8, ' ');  // aligned data: readers map the file
  const std::uint64_t length = text.size();

  AtomicFile out(path);
  out.write(std::as_bytes(std::span(&length, 1)));
  out.write(text);
  for (const NamedTensor& tensor : file.tensors) out.write(tensor.bytes);
  out.commit();
}

}  // namespace fedscape
