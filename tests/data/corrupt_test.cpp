#include "tests/support/corrupt.hpp"

#include <gtest/gtest.h>

#include "fedscape/data/cifar.hpp"
#include "fedscape/data/idx.hpp"
#include "fedscape/data/image_folder.hpp"
#include "fedscape/data/leaf.hpp"
#include "tests/support/encode_image.hpp"
#include "tests/support/temp_folder.hpp"

namespace fedscape {
namespace {

using test::Bytes;
using test::corruptions;
using test::count_refused;

/// Reads corrupted copies of a file of these bytes, which lies where `read` looks for it.
int refused(const Bytes& bytes, const std::string& name,
            const std::function<void(const std::string& folder, const std::string& path)>& read) {
  const test::TempFolder folder;
  test::write_file(folder / "whole", bytes);
  test::write_file(folder / name, bytes);
  read(folder / "", folder / name);  // the whole one is fine
  return count_refused(folder / "whole", folder / name, corruptions(200), [&] { read(folder / "", folder / name); });
}

Bytes pattern(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * i);
  return bytes;
}

TEST(CorruptedData, IdxFilesAreReadOrRefused) {
  Bytes idx = {0, 0, 8, 3, 0, 0, 0, 9, 0, 0, 0, 7, 0, 0, 0, 5};
  const Bytes values = pattern(9 * 7 * 5);
  idx.insert(idx.end(), values.begin(), values.end());
  const auto read = [](const std::string&, const std::string& path) { read_idx(path); };
  EXPECT_GT(refused(idx, "a", read), corruptions(200) / 4);
  EXPECT_GT(refused(test::gzip(idx), "a.gz", read), corruptions(200) * 3 / 4);  // a checksum sees nearly all
}

TEST(CorruptedData, CifarFilesAreReadOrRefused) {
  Bytes records;
  for (const std::uint8_t label : {3, 9}) {
    const Bytes image = pattern(3072);
    records.push_back(label);
    records.insert(records.end(), image.begin(), image.end());
  }
  EXPECT_GT(refused(records, "test_batch.bin",
                    [](const std::string& folder, const std::string&) {
                      load_cifar(folder, CifarKind::cifar10, Split::test);
                    }),
            corruptions(200) / 4);
}

TEST(CorruptedData, ImagesAreReadOrRefused) {
  const Bytes pixels = pattern(20 * 24 * 3);
  const auto read = [](const std::string&, const std::string& path) { read_image(path); };
  EXPECT_GT(refused(test::encode_jpeg(pixels, 20, 24, 3), "a.jpg", read), corruptions(200) / 4);
  EXPECT_GT(refused(test::encode_png(pixels, 20, 24, 3), "a.png", read), corruptions(200) / 2);
}

TEST(CorruptedData, LeafFilesAreReadOrRefused) {
  const std::string json =
      R"({"users":["b","a"],"num_samples":[2,1],"user_data":{"a":{"x":[[1,2.5]],"y":[3]},"b":{"x":[[3,4],[5,6]],"y":[0,1]}}})";
  EXPECT_GT(refused({json.begin(), json.end()}, "train/0.json",
                    [](const std::string& folder, const std::string&) { load_leaf(folder, Split::train); }),
            corruptions(200) / 2);
}

}  // namespace
}  // namespace fedscape
