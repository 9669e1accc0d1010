#include "fedscape/data/image_folder.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <functional>
#include <thread>

#include "fedscape/base/check.hpp"
#include "fedscape/data/file_bytes.hpp"
#include "fedscape/device/workers.hpp"
#include "src/data/image_decoder.hpp"

namespace fedscape {

namespace {

namespace fs = std::filesystem;

/// The sorted names of what lies in a folder: sub-folders or image files.
std::vector<std::string> names_in(const fs::path& folder, const std::function<bool(const fs::directory_entry&)>& keep) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    if (keep(*entry)) names.push_back(entry->path().filename().string());
  FEDSCAPE_CHECK(!error, "{}: {}", folder.string(), error.message());
  std::sort(names.begin(), names.end());
  return names;
}

bool is_folder(const fs::directory_entry& entry) {
  std::error_code error;
  return entry.is_directory(error) && entry.path().filename().string()[0] != '.';
}

bool is_image(const fs::directory_entry& entry) {
  std::string ending = entry.path().extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return ending == ".jpg" || ending == ".jpeg" || ending == ".png";
}

struct Files {
  std::vector<std::string> paths;
  std::vector<std::int32_t> labels;
};

Files list_files(const fs::path& split, const std::vector<std::string>& classes) {
  for (const std::string& found : names_in(split, is_folder))
    FEDSCAPE_CHECK(std::binary_search(classes.begin(), classes.end(), found),
                   "{}: class '{}' is not among the {} of the train split", split.string(), found, classes.size());
  Files files;
  for (std::size_t c = 0; c < classes.size(); ++c) {
    if (!fs::exists(split / classes[c])) continue;
    for (const std::string& file : names_in(split / classes[c], is_image)) {
      files.paths.push_back((split / classes[c] / file).string());
      files.labels.push_back(static_cast<std::int32_t>(c));
    }
  }
  FEDSCAPE_CHECK(!files.paths.empty(), "{}: expected images as <class>/*.jpg or *.png, found none", split.string());
  return files;
}

/// Decodes all files into rows of `samples`, on all cores.
void decode_all(const Files& files, const Shape& shape, std::vector<std::uint8_t>& samples) {
  constexpr std::int64_t kAtOnce = 64;
  const auto count = static_cast<std::int64_t>(files.paths.size());
  Workers workers({}, static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1u, 16u)));
  workers.run((count + kAtOnce - 1) / kAtOnce, [&](Stream&, int, std::int64_t task) {
    for (std::int64_t i = task * kAtOnce; i < std::min(count, (task + 1) * kAtOnce); ++i) {
      const std::string& path = files.paths[static_cast<std::size_t>(i)];
      const Image image = read_image(path, static_cast<int>(shape[2]));
      FEDSCAPE_CHECK(image.shape == shape, "{}: an image {}, expected {} like the first", path, image.shape.text(),
                     shape.text());
      std::copy(image.pixels.begin(), image.pixels.end(), samples.begin() + i * shape.size());
    }
  });
}

}  // namespace

Image make_image(const std::string& path, std::size_t bytes, std::int64_t height, std::int64_t width, int channels) {
  // PNG's and JPEG's densest codes: a length of 258 in about 2 bits, a block of 64 in 2 bits or a little less where
  // scans are spread over blocks.
  constexpr std::int64_t kMostInflation = 1100;
  FEDSCAPE_CHECK(height > 0 && width > 0 && height < (1 << 20) && width < (1 << 20) &&
                     height * width * channels / kMostInflation <= static_cast<std::int64_t>(bytes),
                 "{}: declares {} x {} pixels, more than its {} bytes can hold", path, height, width, bytes);
  return {{height, width, channels}, std::vector<std::uint8_t>(static_cast<std::size_t>(height * width * channels))};
}

Image read_image(const std::string& path, int channels) {
  const std::int64_t size = regular_file_size(path);
  FileBytes file(path);
  const std::vector<std::uint8_t> bytes = file.take(size, "an image");
  if (bytes.size() > 2 && bytes[0] == 0xff && bytes[1] == 0xd8) return decode_jpeg(path, bytes, channels);
  if (bytes.size() > 2 && bytes[0] == 0x89 && bytes[1] == 'P') return decode_png(path, bytes, channels);
  fail(fmt::format("{}: neither a JPEG nor a PNG file", path));
}

Dataset load_image_folder(const std::string& folder, Split split) {
  const fs::path place(folder);
  const std::vector<std::string> classes = names_in(place / name(Split::train), is_folder);
  FEDSCAPE_CHECK(!classes.empty(), "{}: expected a folder for each class in train, found none", folder);
  const Files files = list_files(place / name(split), classes);
  const Shape shape = read_image(files.paths[0]).shape;
  std::vector<std::uint8_t> samples(static_cast<std::size_t>(shape.size()) * files.paths.size());
  decode_all(files, shape, samples);
  Dataset data(folder, shape, static_cast<int>(classes.size()), std::move(samples), files.labels);
  data.class_names = classes;
  return data;
}

}  // namespace fedscape
