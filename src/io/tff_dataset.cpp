#include "fedscape/io/tff_dataset.hpp"

#include <algorithm>
#include <filesystem>

#include "fedscape/base/check.hpp"
#include "fedscape/data/file_bytes.hpp"
#include "fedscape/io/hdf5_file.hpp"

namespace fedscape {

namespace {

constexpr std::int64_t kMostValues = std::int64_t{1} << 33, kMostClasses = 1 << 20;

/// The users read so far.
struct Examples {
  Shape shape;  // of one sample; rank 0: not known yet
  bool floats = false;
  std::vector<std::uint8_t> bytes;
  std::vector<float> values;
  std::vector<std::int32_t> labels, owners;
  std::vector<std::string> users;
};

std::string find_file(const std::string& folder, Split split) {
  std::vector<std::string> found;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string file = entry->path().filename().string();
    if (entry->path().extension() == ".h5" && file.find(name(split)) != std::string::npos)
      found.push_back(entry->path().string());
  }
  FEDSCAPE_CHECK(!error, "{}: {}", folder, error.message());
  FEDSCAPE_CHECK(found.size() == 1, "{}: expected one *{}*.h5, found {}", folder, name(split), found.size());
  return found[0];
}

template <class T>
void append_pixels(const hdf5::Dataset& pixels, std::vector<T>& out) {
  const std::vector<T> own = pixels.read<T>(kMostValues - std::ssize(out));
  out.insert(out.end(), own.begin(), own.end());
}

void append_user(const hdf5::Group& group, const std::string& user, Examples& out) {
  const hdf5::Dataset pixels = group.dataset(group.has_dataset("image") ? "image" : "pixels");
  const Shape all = pixels.shape();
  FEDSCAPE_CHECK(all.rank() == 3 || all.rank() == 4, "{}: shape {}, expected [n,y,x] or [n,y,x,channels]",
                 pixels.where(), all.text());
  const Shape shape{all[1], all[2], all.rank() == 3 ? 1 : all[3]};
  if (out.shape.rank() == 0) out.shape = shape, out.floats = pixels.holds_floats();
  FEDSCAPE_CHECK(shape == out.shape && pixels.holds_floats() == out.floats,
                 "{}: samples of {}, expected {} and the number type of the first user", pixels.where(), shape.text(),
                 out.shape.text());
  const hdf5::Dataset label = group.dataset("label");
  const std::vector<std::int64_t> labels = label.read<std::int64_t>(kMostValues);
  FEDSCAPE_CHECK(std::ssize(labels) == all[0], "{}: {} labels for {} samples", label.where(), labels.size(), all[0]);
  for (const std::int64_t value : labels) {
    FEDSCAPE_CHECK(0 <= value && value < kMostClasses, "{}: label {}, expected 0 to {}", label.where(), value,
                   kMostClasses - 1);
    out.labels.push_back(static_cast<std::int32_t>(value));
  }
  if (out.floats) {
    append_pixels(pixels, out.values);
  } else {
    append_pixels(pixels, out.bytes);
  }
  out.owners.resize(out.labels.size(), static_cast<std::int32_t>(out.users.size()));
  out.users.push_back(user);
}

}  // namespace

Dataset load_tff(const std::string& folder, Split split, int classes) {
  const std::string path = find_file(folder, split);
  regular_file_size(path);
  Examples all;
  hdf5::read_file(path, [&](const hdf5::Group& root) {
    all = {};
    const hdf5::Group examples = root.group("examples");
    for (const std::string& user : examples.names()) append_user(examples.group(user), user, all);
  });
  FEDSCAPE_CHECK(!all.labels.empty(), "{}: no samples under examples", path);
  if (classes == 0) classes = *std::max_element(all.labels.begin(), all.labels.end()) + 1;
  Dataset data = all.floats ? Dataset(path, all.shape, classes, std::move(all.values), std::move(all.labels))
                            : Dataset(path, all.shape, classes, std::move(all.bytes), std::move(all.labels));
  data.users = std::move(all.owners);
  data.user_names = std::move(all.users);
  return data;
}

}  // namespace fedscape
