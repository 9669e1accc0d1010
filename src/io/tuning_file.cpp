#include "fedscape/io/tuning_file.hpp"

#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "fedscape/base/check.hpp"
#include "fedscape/io/atomic_file.hpp"

namespace fedscape {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kFormat = "fedscape tuning 1";
constexpr std::int64_t kMostBytes = 1 << 26;

/// A member of a product, or an Error that says where it was looked for.
const Json& member(const Json& entry, const char* key, const std::string& where) {
  FEDSCAPE_CHECK(entry.is_object() && entry.contains(key), "{}: {} expected, found none", where, key);
  return entry[key];
}

std::string text(const Json& entry, const char* key, const std::string& where) {
  const Json& value = member(entry, key, where);
  FEDSCAPE_CHECK(value.is_string(), "{}: a text {} expected, found {}", where, key, value.type_name());
  return value.get<std::string>();
}

int number(const Json& value, const char* key, const std::string& where) {
  FEDSCAPE_CHECK(value.is_number_unsigned() && value.get<std::uint64_t>() <= (1u << 30),
                 "{}: {} from 0 to 2^30 expected, found {}", where, key, value.dump(-1, ' ', true).substr(0, 40));
  return value.get<int>();
}

void read_pair(const Json& entry, const char* key, const std::string& where, int& y, int& x) {
  const Json& pair = member(entry, key, where);
  FEDSCAPE_CHECK(pair.is_array() && pair.size() == 2, "{}: {} as [rows, columns] expected", where, key);
  y = number(pair[0], key, where);
  x = number(pair[1], key, where);
}

double seconds(const Json& entry, const char* key, const std::string& where) {
  const Json& value = member(entry, key, where);
  FEDSCAPE_CHECK(value.is_number() && value.get<double>() >= 0, "{}: {} of 0 or more expected", where, key);
  return value.get<double>();
}

std::size_t choice(const Json& entry, const char* key, std::span<const std::string_view> names,
                   const std::string& where) {
  const std::string name = text(entry, key, where);
  const auto found = std::find(names.begin(), names.end(), name);
  FEDSCAPE_CHECK(found != names.end(), "{}: {} is no {}", where, Json(name).dump(-1, ' ', true), key);
  return static_cast<std::size_t>(found - names.begin());
}

Product read_product(const Json& entry, const std::string& where) {
  Product product;
  product.pass = static_cast<ops::ConvPass>(choice(entry, "pass", kPassNames, where));
  product.tf32 = choice(entry, "precision", kTrainingPrecisions, where) == 1;
  product.batch = number(member(entry, "batch", where), "batch", where);
  ops::ConvShape& s = product.shape;
  read_pair(entry, "size", where, s.height, s.width);
  read_pair(entry, "kernel", where, s.kernel_y, s.kernel_x);
  read_pair(entry, "stride", where, s.stride_y, s.stride_x);
  read_pair(entry, "padding", where, s.pad_y, s.pad_x);
  read_pair(entry, "dilation", where, s.dilation_y, s.dilation_x);
  s.channels = number(member(entry, "channels", where), "channels", where);
  s.filters = number(member(entry, "filters", where), "filters", where);
  s.groups = number(member(entry, "groups", where), "groups", where);
  FEDSCAPE_CHECK(product.batch >= 1, "{}: a batch of 1 or more expected, found 0", where);
  try {
    s.check();
  } catch (const Error& error) {
    fail(fmt::format("{}: {}", where, error.what()));
  }
  return product;
}

Json json_of(const Product& product, const Tuning::Entry& entry) {
  const ops::ConvShape& s = product.shape;
  Json json;
  json["pass"] = kPassNames[static_cast<std::size_t>(product.pass)];
  json["precision"] = kTrainingPrecisions[product.tf32];
  json["batch"] = product.batch;
  json["size"] = {s.height, s.width};
  json["channels"] = s.channels;
  json["filters"] = s.filters;
  json["kernel"] = {s.kernel_y, s.kernel_x};
  json["stride"] = {s.stride_y, s.stride_x};
  json["padding"] = {s.pad_y, s.pad_x};
  json["dilation"] = {s.dilation_y, s.dilation_x};
  json["groups"] = s.groups;
  json["own_seconds"] = entry.own_seconds;
  json["library_seconds"] = entry.library_seconds;
  json["library"] = entry.library;
  return json;
}

}  // namespace

void write_tuning(const std::filesystem::path& path, const Tuning& tuning) {
  Json json;
  json["format"] = kFormat;
  json["device"] = tuning.device;
  json["libraries"] = tuning.libraries;
  json["products"] = Json::array();
  for (const auto& [product, entry] : tuning.entries) json["products"].push_back(json_of(product, entry));
  const std::string bytes = json.dump(2) + "\n";
  replace_file(path, std::as_bytes(std::span(bytes)));
}

Tuning read_tuning(const std::filesystem::path& path) {
  const std::vector<std::byte> bytes = read_bytes(path, kMostBytes);
  const auto* const begin = reinterpret_cast<const char*>(bytes.data());
  const std::string file = path.string();
  const auto watch = [&](int depth, Json::parse_event_t, Json&) {
    FEDSCAPE_CHECK(depth <= 4, "{}: products expected, found something nested deeper", file);
    return true;
  };
  const Json json = Json::parse(begin, begin + bytes.size(), watch, false);
  FEDSCAPE_CHECK(!json.is_discarded() && json.is_object(), "{}: a tuning in JSON expected, found something else", file);
  const std::string format = text(json, "format", file);
  FEDSCAPE_CHECK(format == kFormat, "{}: format '{}' expected, found {}", file, kFormat,
                 Json(format).dump(-1, ' ', true));
  Tuning tuning;
  tuning.device = text(json, "device", file);
  tuning.libraries = text(json, "libraries", file);
  const Json& products = member(json, "products", file);
  FEDSCAPE_CHECK(products.is_array(), "{}: a list of products expected", file);
  for (const Json& entry : products) {
    const std::string where = fmt::format("{}: product {}", file, tuning.entries.size() + 1);
    const Json& library = member(entry, "library", where);
    FEDSCAPE_CHECK(library.is_boolean(), "{}: library true or false expected", where);
    const Tuning::Entry times{seconds(entry, "own_seconds", where), seconds(entry, "library_seconds", where),
                              library.get<bool>()};
    FEDSCAPE_CHECK(tuning.entries.emplace(read_product(entry, where), times).second, "{}: it is there twice", where);
  }
  return tuning;
}

}  // namespace fedscape
