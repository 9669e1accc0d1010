#include "fedscape/data/idx.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/files.hpp"
#include "tests/support/message_of.hpp"
#include "tests/support/temp_folder.hpp"

namespace fedscape {
namespace {

using test::Bytes;
using test::message_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const Bytes kLabels = {0, 0, 8, 1, 0, 0, 0, 2, 3, 1};
const Bytes kImages = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 10, 20, 30, 40};

class Idx : public ::testing::Test {
 protected:
  std::string file(const std::string& name, const Bytes& bytes) const {
    test::write_file(folder_ / name, bytes);
    return folder_ / name;
  }
  /// The message that reading an IDX file of these bytes ends with, without the path that it must begin with.
  std::string refusal(const Bytes& bytes) const {
    const std::string path = file("x.idx", bytes), text = message_of([&] { read_idx(path); });
    EXPECT_THAT(text, ::testing::StartsWith(path + ": "));
    return text.substr(std::min(text.size(), path.size() + 2));
  }
  test::TempFolder folder_;
};

TEST_F(Idx, ReadsImagesAndLabelsRawOrCompressed) {
  for (const auto& pack : {+[](const Bytes& raw) { return raw; }, +[](const Bytes& raw) { return test::gzip(raw); }}) {
    const Dataset data = load_idx(file("images", pack(kImages)), file("labels", pack(kLabels)));
    EXPECT_EQ(data.shape(), (Shape{1, 2, 1}));
    EXPECT_EQ(data.classes(), 4);
    EXPECT_THAT(data.labels(), ElementsAre(3, 1));
    const auto* bytes = static_cast<const std::uint8_t*>(data.samples());
    EXPECT_THAT(Bytes(bytes, bytes + 4), ElementsAre(10, 20, 30, 40));
  }
}

TEST_F(Idx, ReadsColourImagesAndFeatures) {
  const auto shape = [&](const Bytes& x) {
    return load_idx(file("x", x), file("y", {0, 0, 8, 1, 0, 0, 0, 1, 0})).shape();
  };
  EXPECT_EQ(shape({0, 0, 8, 4, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6}), (Shape{1, 2, 3}));
  EXPECT_EQ(shape({0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2}), (Shape{1, 1, 2}));
}

TEST_F(Idx, RefusesWhatIsNotAnIdxFile) {
  EXPECT_EQ(refusal({}), "expected 4 bytes of magic number from byte 0, found 0");
  EXPECT_EQ(refusal({0, 0, 8}), "expected 4 bytes of magic number from byte 0, found 3");
  EXPECT_THAT(refusal({'P', 'K', 3, 4, 0, 0}), HasSubstr("found 0x504b0304"));
  EXPECT_THAT(refusal({0, 0, 13, 1, 0, 0, 0, 1, 0, 0, 0, 0}), HasSubstr("found 0x00000d01"));  // floats
  EXPECT_THAT(refusal({0, 0, 8, 0}), HasSubstr("found 0x00000800"));
  EXPECT_THAT(refusal({0, 0, 8, 5}), HasSubstr("found 0x00000805"));
}

TEST_F(Idx, RefusesTooFewAndTooManyBytes) {
  EXPECT_EQ(refusal({kImages.begin(), kImages.end() - 1}), "expected 4 bytes of values from byte 16, found 3");
  Bytes longer = kLabels;
  longer.push_back(0);
  EXPECT_EQ(refusal(longer), "expected 10 bytes, found more");
  EXPECT_EQ(refusal({kImages.begin(), kImages.begin() + 14}), "expected 4 bytes of extents from byte 12, found 2");
}

TEST_F(Idx, RefusesExtentsThatTheFileCannotHoldBeforeAnyAllocation) {
  EXPECT_EQ(refusal({0, 0, 8, 1, 255, 255, 255, 255, 1}), "declares extents 4294967295, more than the file can hold");
  const Bytes overflow = {0, 0, 8, 4, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
  EXPECT_THAT(refusal(overflow), HasSubstr("more than the file can hold"));
  EXPECT_THAT(refusal(test::gzip(overflow)), HasSubstr("more than the file can hold"));
}

TEST_F(Idx, RefusesDamagedCompression) {
  const Bytes whole = test::gzip(kImages);
  EXPECT_THAT(refusal({whole.begin(), whole.end() - 9}), HasSubstr("the compressed file ends early"));
  Bytes wrong_sum = whole;
  wrong_sum[wrong_sum.size() - 8] ^= 1;
  EXPECT_THAT(refusal(wrong_sum), HasSubstr("incorrect data check"));
  Bytes garbled = whole;
  garbled[10] = 0xff;  // the first block's type
  EXPECT_THAT(refusal(garbled), HasSubstr("invalid block type"));
}

TEST_F(Idx, RefusesAFolderAndAMissingFile) {
  const std::string here = folder_ / "", missing = folder_ / "none";
  EXPECT_EQ(message_of([&] { read_idx(here); }), here + ": expected a file, found a directory");
  EXPECT_EQ(message_of([&] { read_idx(missing); }), missing + ": no such file");
}

TEST_F(Idx, RefusesImagesAndLabelsThatDoNotFit) {
  const std::string images = file("images", kImages), labels = file("labels", kLabels);
  const std::string one = file("one", {0, 0, 8, 1, 0, 0, 0, 1, 3}), none = file("none", {0, 0, 8, 1, 0, 0, 0, 0});
  EXPECT_EQ(message_of([&] { load_idx(images, one); }), one + ": 1 labels for 2 images in " + images);
  EXPECT_EQ(message_of([&] { load_idx(images, images); }), images + ": expected labels of one axis, found 3");
  EXPECT_EQ(message_of([&] { load_idx(labels, labels); }), labels + ": expected samples of 2 to 4 axes, found 1");
  EXPECT_EQ(message_of([&] { load_idx(images, labels, 3); }), labels + ": label 3, expected 0 to 2");
  const std::string empty = file("empty", {0, 0, 8, 3, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2});
  EXPECT_EQ(message_of([&] { load_idx(empty, none); }), none + ": no labels");
}

TEST_F(Idx, FindsTheFilesOfASplit) {
  for (const char* name : {"train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte", "t10k-images.idx3-ubyte",
                           "t10k-labels-idx1-ubyte", "t10k-labels-idx1-ubyte.gz", "readme"})
    file(name, kLabels);
  const std::string here = folder_ / "";
  EXPECT_EQ(find_idx(here, Split::train).images, here + "train-images-idx3-ubyte.gz");
  EXPECT_EQ(find_idx(here, Split::test).images, here + "t10k-images.idx3-ubyte");
  EXPECT_EQ(find_idx(here, Split::test).labels, here + "t10k-labels-idx1-ubyte");
  file("emnist-train-images-idx3-ubyte", kLabels);
  EXPECT_THAT(message_of([&] { find_idx(here, Split::train); }), HasSubstr("expected one IDX file of train images"));
  const std::string missing = folder_ / "none";
  EXPECT_THAT(message_of([&] { find_idx(missing, Split::train); }), HasSubstr(missing + ": No such file"));
}

TEST(FashionMnist, IsReadWhole) {
  const std::string folder = "/usr/share/datasets/fashion-mnist";
  const IdxFiles files = find_idx(folder, Split::test);
  const Dataset data = load_idx(files.images, files.labels);
  EXPECT_EQ(data.size(), 10000);
  EXPECT_EQ(data.shape(), (Shape{28, 28, 1}));
  EXPECT_EQ(data.classes(), 10);
  std::vector<int> counts(10);
  for (const std::int32_t label : data.labels()) ++counts[static_cast<std::size_t>(label)];
  EXPECT_THAT(counts, ::testing::Each(1000));
}

}  // namespace
}  // namespace fedscape
