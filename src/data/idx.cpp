#include "fedscape/data/idx.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "fedscape/base/check.hpp"
#include "fedscape/data/file_bytes.hpp"

namespace fedscape {

namespace {

constexpr int kUnsignedBytes = 0x08;

std::uint32_t big_endian(std::span<const std::uint8_t, 4> bytes) {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 | std::uint32_t{bytes[2]} << 8 | bytes[3];
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

/// The one file of the folder whose name fits, a raw one before its .gz.
std::string find_one(const std::string& folder, Split split, std::string_view kind) {
  std::vector<std::string> found;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string file = entry->path().filename().string();
    const bool train = contains(file, "train"), test = contains(file, "t10k") || contains(file, "test");
    if (contains(file, "idx") && contains(file, kind) && (split == Split::train ? train : test)) found.push_back(file);
  }
  FEDSCAPE_CHECK(!error, "{}: {}", folder, error.message());
  std::sort(found.begin(), found.end());  // a raw file sorts before its .gz
  FEDSCAPE_CHECK(!found.empty(), "{}: expected an IDX file of {} {}, such as {}-{}-idx{}-ubyte.gz, found none", folder,
                 name(split), kind, split == Split::train ? "train" : "t10k", kind, kind == "images" ? 3 : 1);
  FEDSCAPE_CHECK(found.size() == 1 || (found.size() == 2 && found[1] == found[0] + ".gz"),
                 "{}: expected one IDX file of {} {}, found {} and {}", folder, name(split), kind, found[0], found[1]);
  return (std::filesystem::path(folder) / found[0]).string();
}

}  // namespace

IdxArray read_idx(const std::string& path) {
  FileBytes file(path);
  std::array<std::uint8_t, 4> word{};
  file.read(word, "magic number");
  const int axes = word[3];
  FEDSCAPE_CHECK(word[0] == 0 && word[1] == 0 && word[2] == kUnsignedBytes && axes >= 1 && axes <= 4,
                 "{}: expected the magic number of an IDX file of unsigned bytes, 0x00000801 to 0x00000804, found "
                 "0x{:08x}",
                 path, big_endian(word));
  IdxArray array;
  std::int64_t size = 1;
  for (int i = 0; i < axes; ++i) {
    file.read(word, "extents");
    array.extents.push_back(big_endian(word));
    const bool overflow = __builtin_mul_overflow(size, array.extents.back(), &size);
    FEDSCAPE_CHECK(!overflow && size <= file.most(), "{}: declares extents {}, more than the file can hold", path,
                   fmt::join(array.extents, " x "));
  }
  array.values = file.take(size, "values");
  file.finish();
  return array;
}

Dataset load_idx(const std::string& images, const std::string& labels, int classes) {
  IdxArray x = read_idx(images), y = read_idx(labels);
  FEDSCAPE_CHECK(y.extents.size() == 1, "{}: expected labels of one axis, found {}", labels, y.extents.size());
  FEDSCAPE_CHECK(x.extents.size() >= 2, "{}: expected samples of 2 to 4 axes, found {}", images, x.extents.size());
  FEDSCAPE_CHECK(x.extents[0] == y.extents[0], "{}: {} labels for {} images in {}", labels, y.extents[0], x.extents[0],
                 images);
  FEDSCAPE_CHECK(!y.values.empty(), "{}: no labels", labels);
  const int largest = *std::max_element(y.values.begin(), y.values.end());
  FEDSCAPE_CHECK(classes == 0 || largest < classes, "{}: label {}, expected 0 to {}", labels, largest, classes - 1);
  const Shape shape = x.extents.size() == 2   ? Shape{1, 1, x.extents[1]}
                      : x.extents.size() == 3 ? Shape{x.extents[1], x.extents[2], 1}
                                              : Shape{x.extents[1], x.extents[2], x.extents[3]};
  return {images, shape, classes == 0 ? largest + 1 : classes, std::move(x.values), {y.values.begin(), y.values.end()}};
}

IdxFiles find_idx(const std::string& folder, Split split) {
  return {find_one(folder, split, "images"), find_one(folder, split, "labels")};
}

}  // namespace fedscape
