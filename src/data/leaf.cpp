#include "fedscape/data/leaf.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "fedscape/base/check.hpp"
#include "fedscape/data/file_bytes.hpp"

namespace fedscape {

namespace {

using Json = nlohmann::json;

constexpr std::int64_t kMostClasses = 1 << 20;
constexpr int kMostDepth = 8;  // LEAF needs 5; deeper text could only be meant to exhaust memory

/// The samples read so far.
struct Samples {
  std::vector<float> x;
  std::vector<std::int32_t> y, users;
  std::map<std::string, std::int32_t> user_ids;
  std::size_t features = 0;  // 0: not known yet
};

std::vector<std::string> shards(const std::string& folder, Split split) {
  const std::filesystem::path place = std::filesystem::path(folder) / name(split);
  std::vector<std::string> paths;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(place, error), end; !error && entry != end; entry.increment(error))
    if (entry->path().extension() == ".json") paths.push_back(entry->path().string());
  FEDSCAPE_CHECK(!error, "{}: {}", place.string(), error.message());
  FEDSCAPE_CHECK(!paths.empty(), "{}: expected LEAF shards (*.json), found none", place.string());
  std::sort(paths.begin(), paths.end());
  return paths;
}

Json parse(const std::string& path) {
  const std::int64_t size = regular_file_size(path);
  FileBytes file(path);
  const std::vector<std::uint8_t> bytes = file.take(size, "JSON");
  const auto shallow = [&path](int depth, Json::parse_event_t, Json&) {
    FEDSCAPE_CHECK(depth <= kMostDepth, "{}: nested deeper than {}", path, kMostDepth);
    return true;
  };
  Json json = Json::parse(bytes.begin(), bytes.end(), shallow, false);
  FEDSCAPE_CHECK(!json.is_discarded(), "{}: not JSON", path);
  return json;
}

/// A number, or what else it is.
std::string text(const Json& json) { return json.is_number() ? json.dump() : json.type_name(); }

const Json& member(const Json& json, const std::string& key, const std::string& where) {
  FEDSCAPE_CHECK(json.is_object() && json.contains(key), "{}: expected a member '{}'", where, key);
  return json[key];
}

const Json& list(const Json& json, const std::string& key, const std::string& where) {
  const Json& found = member(json, key, where);
  FEDSCAPE_CHECK(found.is_array(), "{}: expected '{}' to be a list, found {}", where, key, found.type_name());
  return found;
}

void append_sample(const Json& x, const Json& y, const std::string& where, Samples& out) {
  FEDSCAPE_CHECK(x.is_array() && !x.empty(), "{}: expected a sample to be a list of numbers, found {}", where,
                 x.type_name());
  if (out.features == 0) out.features = x.size();
  FEDSCAPE_CHECK(x.size() == out.features, "{}: a sample of {} numbers, expected {}", where, x.size(), out.features);
  for (const Json& value : x) {
    FEDSCAPE_CHECK(value.is_number(), "{}: expected numbers in a sample, found {}", where, value.type_name());
    out.x.push_back(value.get<float>());
  }
  const bool label = y.is_number_unsigned() && y.get<std::uint64_t>() < kMostClasses;
  FEDSCAPE_CHECK(label, "{}: expected labels from 0 to {}, found {}", where, kMostClasses - 1, text(y));
  out.y.push_back(y.get<std::int32_t>());
}

void append_shard(const std::string& path, Samples& out) {
  const Json json = parse(path);
  const Json &users = list(json, "users", path), &counts = list(json, "num_samples", path);
  const Json& data = member(json, "user_data", path);
  FEDSCAPE_CHECK(counts.size() == users.size(), "{}: {} users, but {} in num_samples", path, users.size(),
                 counts.size());
  for (std::size_t u = 0; u < users.size(); ++u) {
    FEDSCAPE_CHECK(users[u].is_string(), "{}: expected names in 'users', found {}", path, users[u].type_name());
    const std::string user = users[u].get<std::string>(), where = fmt::format("{}, user {}", path, user);
    const Json& own = member(data, user, path + ", user_data");
    const Json &x = list(own, "x", where), &y = list(own, "y", where);
    FEDSCAPE_CHECK(x.size() == y.size() && counts[u] == y.size(), "{}: {} samples, {} labels, num_samples {}", where,
                   x.size(), y.size(), text(counts[u]));
    const auto id = static_cast<std::int32_t>(out.user_ids.try_emplace(user, out.user_ids.size()).first->second);
    for (std::size_t i = 0; i < x.size(); ++i) append_sample(x[i], y[i], where, out);
    out.users.resize(out.y.size(), id);
  }
}

}  // namespace

Dataset load_leaf(const std::string& folder, Split split, int classes) {
  Samples samples;
  for (const std::string& path : shards(folder, split)) append_shard(path, samples);
  FEDSCAPE_CHECK(!samples.y.empty(), "{}: no samples in {}", folder, name(split));
  const auto features = static_cast<std::int64_t>(samples.features);
  const Shape shape = features == 784 ? Shape{28, 28, 1} : Shape{1, 1, features};
  if (classes == 0) classes = *std::max_element(samples.y.begin(), samples.y.end()) + 1;
  Dataset data(folder, shape, classes, std::move(samples.x), std::move(samples.y));
  data.users = std::move(samples.users);
  data.user_names.resize(samples.user_ids.size());
  for (const auto& [user, id] : samples.user_ids) data.user_names[static_cast<std::size_t>(id)] = user;
  return data;
}

}  // namespace fedscape
