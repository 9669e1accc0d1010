#include "fedscape/io/array_dataset.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>

#include "fedscape/base/check.hpp"
#include "fedscape/data/file_bytes.hpp"
#include "fedscape/io/hdf5_file.hpp"
#include "fedscape/io/safetensors.hpp"

namespace fedscape {

namespace {

constexpr std::int64_t kMostValues = std::int64_t{1} << 33, kMostSamples = (std::int64_t{1} << 31) - 1;
constexpr std::int64_t kMostClasses = 1 << 20;

/// What a file holds, before it is checked.
struct Arrays {
  Shape shape;  // of x
  std::vector<std::uint8_t> bytes;
  std::vector<float> floats;  // x is one of the two
  std::vector<std::int64_t> labels, users;
};

std::string find_file(const std::string& folder, Split split) {
  for (const char* const ending : {".h5", ".hdf5", ".safetensors"}) {
    const auto path = std::filesystem::path(folder) / fmt::format("{}{}", name(split), ending);
    if (std::filesystem::exists(path)) return path.string();
  }
  fail(fmt::format("{}: expected {}.h5, .hdf5 or .safetensors, found none", folder, name(split)));
}

Arrays read_hdf5(const std::string& path) {
  Arrays arrays;
  hdf5::read_file(path, [&](const hdf5::Group& root) {
    const hdf5::Dataset x = root.dataset("x");
    arrays = {};
    arrays.shape = x.shape();
    if (x.holds_floats()) {
      arrays.floats = x.read<float>(kMostValues);
    } else {
      arrays.bytes = x.read<std::uint8_t>(kMostValues);
    }
    arrays.labels = root.dataset("y").read<std::int64_t>(kMostSamples);
    if (root.has_dataset("user")) arrays.users = root.dataset("user").read<std::int64_t>(kMostSamples);
  });
  return arrays;
}

Arrays read_tensors(const std::string& path) {
  const TensorFile file = read_safetensors(path);
  const auto tensor = [&](const char* name) -> const NamedTensor& {
    const NamedTensor* const found = file.find(name);
    FEDSCAPE_CHECK(found != nullptr, "{}: expected a tensor '{}', found none", path, name);
    return *found;
  };
  const NamedTensor& x = tensor("x");
  Arrays arrays;
  arrays.shape = x.shape;
  if (x.type == TensorType::u8) {
    const auto* const begin = reinterpret_cast<const std::uint8_t*>(x.bytes.data());
    arrays.bytes.assign(begin, begin + x.bytes.size());
  } else {
    arrays.floats = x.floats();
  }
  arrays.labels = tensor("y").integers();
  if (file.find("user") != nullptr) arrays.users = tensor("user").integers();
  return arrays;
}

Shape sample_shape(const Shape& all, const std::string& path) {
  FEDSCAPE_CHECK(2 <= all.rank() && all.rank() <= 4, "{}: x {}, expected [N,features], [N,y,x] or [N,y,x,channels]",
                 path, all.text());
  if (all.rank() == 2) return {1, 1, all[1]};
  return {all[1], all[2], all.rank() == 3 ? 1 : all[3]};
}

/// Owners numbered in increasing order of what the file calls them.
void set_users(const std::vector<std::int64_t>& owners, const std::string& path, Dataset& data) {
  if (owners.empty()) return;
  FEDSCAPE_CHECK(std::ssize(owners) == data.size(), "{}: {} in user for {} samples", path, owners.size(), data.size());
  std::map<std::int64_t, std::int32_t> ids;
  for (const std::int64_t owner : owners) ids.emplace(owner, 0);
  for (auto& entry : ids) {
    entry.second = static_cast<std::int32_t>(data.user_names.size());
    data.user_names.push_back(fmt::format("{}", entry.first));
  }
  for (const std::int64_t owner : owners) data.users.push_back(ids.at(owner));
}

}  // namespace

Dataset load_arrays(const std::string& folder, Split split, int classes) {
  const std::string path = find_file(folder, split);
  regular_file_size(path);
  Arrays arrays = std::filesystem::path(path).extension() == ".safetensors" ? read_tensors(path) : read_hdf5(path);
  const Shape shape = sample_shape(arrays.shape, path);
  FEDSCAPE_CHECK(arrays.shape[0] == std::ssize(arrays.labels), "{}: {} labels in y for {} samples in x", path,
                 arrays.labels.size(), arrays.shape[0]);
  FEDSCAPE_CHECK(!arrays.labels.empty(), "{}: no samples", path);
  std::vector<std::int32_t> labels;
  for (const std::int64_t label : arrays.labels) {
    FEDSCAPE_CHECK(0 <= label && label < kMostClasses, "{}: label {} in y, expected 0 to {}", path, label,
                   kMostClasses - 1);
    labels.push_back(static_cast<std::int32_t>(label));
  }
  if (classes == 0) classes = *std::max_element(labels.begin(), labels.end()) + 1;
  Dataset data = arrays.floats.empty() ? Dataset(path, shape, classes, std::move(arrays.bytes), std::move(labels))
                                       : Dataset(path, shape, classes, std::move(arrays.floats), std::move(labels));
  set_users(arrays.users, path, data);
  return data;
}

}  // namespace fedscape
