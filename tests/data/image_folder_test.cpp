#include "fedscape/data/image_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/encode_image.hpp"
#include "tests/support/message_of.hpp"
#include "tests/support/temp_folder.hpp"

namespace fedscape {
namespace {

using test::Bytes;
using test::message_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A colour image of 4 x 6 pixels, smooth so that JPEG keeps it closely.
Bytes pixels(int base) {
  Bytes out;
  for (int i = 0; i < 4 * 6; ++i)
    for (const int channel : {0, 40, 80}) out.push_back(static_cast<std::uint8_t>(base + channel + i));
  return out;
}

class ImageFolder : public ::testing::Test {
 protected:
  std::string file(const std::string& name, const Bytes& bytes) const {
    test::write_file(folder_ / name, bytes);
    return folder_ / name;
  }
  std::string refusal(const Bytes& bytes) const {
    const std::string path = file("x", bytes);
    return message_of([&] { read_image(path); });
  }
  test::TempFolder folder_;
  std::string here_ = folder_ / "";
};

TEST_F(ImageFolder, PngIsExactAndJpegIsClose) {
  const Image png = read_image(file("a.png", test::encode_png(pixels(10), 4, 6, 3)));
  EXPECT_EQ(png.shape, (Shape{4, 6, 3}));
  EXPECT_EQ(png.pixels, pixels(10));
  const Image jpeg = read_image(file("a.jpg", test::encode_jpeg(pixels(10), 4, 6, 3)));
  EXPECT_EQ(jpeg.shape, (Shape{4, 6, 3}));
  for (std::size_t i = 0; i < jpeg.pixels.size(); ++i) EXPECT_NEAR(jpeg.pixels[i], png.pixels[i], 8) << i;
}

TEST_F(ImageFolder, GreyImagesStayGreyUnlessColourIsAskedFor) {
  const Bytes grey(12, 77);
  for (const std::string& path :
       {file("a.png", test::encode_png(grey, 3, 4, 1)), file("a.jpg", test::encode_jpeg(grey, 3, 4, 1))}) {
    EXPECT_EQ(read_image(path).shape, (Shape{3, 4, 1}));
    const Image colour = read_image(path, 3);
    EXPECT_EQ(colour.shape, (Shape{3, 4, 3}));
    EXPECT_THAT(colour.pixels, ::testing::Each(::testing::AllOf(::testing::Ge(76), ::testing::Le(78))));
  }
}

TEST_F(ImageFolder, ClassesAreTheAlphabeticalOrderOfTheTrainFolders) {
  for (const char* name : {"train/dog/0.png", "train/cat/0.png", "train/cat/1.PNG", "test/dog/9.png"})
    file(name, test::encode_png(pixels(name[6] == 'd' ? 10 : 90), 4, 6, 3));
  file("train/cat/readme.txt", {1});
  const Dataset train = load_image_folder(here_, Split::train);
  EXPECT_THAT(train.class_names, ElementsAre("cat", "dog"));
  EXPECT_THAT(train.labels(), ElementsAre(0, 0, 1));
  EXPECT_EQ(static_cast<const std::uint8_t*>(train.samples())[2 * 4 * 6 * 3], 10);  // the dog comes third
  EXPECT_THAT(load_image_folder(here_, Split::test).labels(), ElementsAre(1));
}

TEST_F(ImageFolder, RefusesFoldersThatDoNotFit) {
  EXPECT_THAT(message_of([&] { load_image_folder(here_, Split::train); }), HasSubstr("No such file"));
  file("train/cat/readme.txt", {1});
  EXPECT_THAT(message_of([&] { load_image_folder(here_, Split::train); }), HasSubstr("found none"));
  file("train/cat/0.png", test::encode_png(pixels(10), 4, 6, 3));
  file("train/cat/1.png", test::encode_png(pixels(10), 6, 4, 3));
  EXPECT_THAT(message_of([&] { load_image_folder(here_, Split::train); }),
              HasSubstr("1.png: an image [6,4,3], expected [4,6,3] like the first"));
  file("test/cow/0.png", test::encode_png(pixels(10), 4, 6, 3));
  EXPECT_THAT(message_of([&] { load_image_folder(here_, Split::test); }), HasSubstr("class 'cow' is not among the 1"));
}

TEST_F(ImageFolder, RefusesDamagedImages) {
  for (const Bytes& whole : {test::encode_jpeg(pixels(10), 4, 6, 3), test::encode_png(pixels(10), 4, 6, 3)}) {
    for (const std::size_t size : {whole.size() - 16, whole.size() / 2, std::size_t{12}})
      EXPECT_THAT(refusal({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}), HasSubstr("/x: "));
  }
  EXPECT_THAT(refusal({}), HasSubstr("neither a JPEG nor a PNG file"));
  EXPECT_THAT(refusal({'G', 'I', 'F', '8'}), HasSubstr("neither a JPEG nor a PNG file"));
  EXPECT_THAT(message_of([&] { read_image(here_); }), HasSubstr("expected a file, found a directory"));
}

TEST_F(ImageFolder, RefusesSizesThatTheFileCannotHoldBeforeAnyAllocation) {
  Bytes jpeg = test::encode_jpeg(pixels(10), 4, 6, 3);
  for (std::size_t i = 0; i + 8 < jpeg.size(); ++i)  // height and width follow the frame header's marker by 3 bytes
    if (jpeg[i] == 0xff && jpeg[i + 1] == 0xc0) std::fill_n(jpeg.begin() + static_cast<std::ptrdiff_t>(i) + 5, 4, 0xfe);
  EXPECT_THAT(refusal(jpeg), HasSubstr("declares 65278 x 65278 pixels, more than its"));
}

}  // namespace
}  // namespace fedscape
