#include "fedscape/data/cifar.hpp"

#include <algorithm>
#include <filesystem>

#include "fedscape/base/check.hpp"
#include "fedscape/data/file_bytes.hpp"

namespace fedscape {

namespace {

constexpr std::int64_t kSide = 32, kPlane = kSide * kSide, kChannels = 3, kImage = kPlane * kChannels;

/// What differs between the two.
struct Format {
  int classes;
  std::int64_t label_bytes;  // the last of them counts
  std::vector<std::string> train, test;
  std::string names;
};

Format format_of(CifarKind kind) {
  if (kind == CifarKind::cifar100) return {100, 2, {"train.bin"}, {"test.bin"}, "fine_label_names.txt"};
  return {10,
          1,
          {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"},
          {"test_batch.bin"},
          "batches.meta.txt"};
}

struct Records {
  std::vector<std::uint8_t> images;
  std::vector<std::int32_t> labels;
};

void append_image(const std::uint8_t* bytes, CifarLayout layout, std::vector<std::uint8_t>& images) {
  if (layout == CifarLayout::pfl) {
    images.insert(images.end(), bytes, bytes + kImage);
    return;
  }
  for (std::int64_t i = 0; i < kPlane; ++i)
    for (std::int64_t c = 0; c < kChannels; ++c) images.push_back(bytes[c * kPlane + i]);
}

void append_file(const std::string& path, const Format& format, CifarLayout layout, Records& out) {
  const std::int64_t size = regular_file_size(path), record = format.label_bytes + kImage;
  FEDSCAPE_CHECK(size > 0 && size % record == 0, "{}: {} bytes, expected records of {} bytes", path, size, record);
  FileBytes file(path);
  const std::vector<std::uint8_t> bytes = file.take(size, "records");
  file.finish();
  out.images.reserve(out.images.size() + static_cast<std::size_t>(size / record * kImage));
  for (std::int64_t begin = 0; begin < size; begin += record) {
    const int label = bytes[static_cast<std::size_t>(begin + format.label_bytes - 1)];
    FEDSCAPE_CHECK(label < format.classes, "{}: label {} of record {}, expected 0 to {}", path, label, begin / record,
                   format.classes - 1);
    out.labels.push_back(label);
    append_image(bytes.data() + begin + format.label_bytes, layout, out.images);
  }
}

/// The lines of a file that are not blank; none where there is no file.
std::vector<std::string> names_in(const std::string& path, int classes) {
  constexpr std::int64_t kMost = 1 << 16;
  std::vector<std::string> names;
  if (!std::filesystem::exists(path)) return names;
  const std::int64_t size = regular_file_size(path);
  FEDSCAPE_CHECK(size <= kMost, "{}: {} bytes, expected at most {}", path, size, kMost);
  FileBytes file(path);
  std::string name;
  for (const std::uint8_t byte : file.take(size, "names")) {
    if (byte != '\n' && byte != '\r') {
      name.push_back(static_cast<char>(byte));
    } else if (!name.empty()) {
      names.push_back(std::move(name));
      name.clear();
    }
  }
  if (!name.empty()) names.push_back(std::move(name));
  FEDSCAPE_CHECK(std::ssize(names) == classes, "{}: {} class names, expected {}", path, names.size(), classes);
  return names;
}

}  // namespace

Dataset load_cifar(const std::string& folder, CifarKind kind, Split split, CifarLayout layout) {
  const Format format = format_of(kind);
  Records records;
  const auto in_folder = [&](const std::string& file) { return (std::filesystem::path(folder) / file).string(); };
  for (const std::string& file : split == Split::train ? format.train : format.test)
    append_file(in_folder(file), format, layout, records);
  Dataset data(folder, {kSide, kSide, kChannels}, format.classes, std::move(records.images), std::move(records.labels));
  data.class_names = names_in(in_folder(format.names), format.classes);
  return data;
}

}  // namespace fedscape
