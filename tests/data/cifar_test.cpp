#include "fedscape/data/cifar.hpp"

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

/// A record whose red plane holds `base`, green base + 1 and blue base + 2, but for the first red byte: 200.
Bytes record(Bytes labels, std::uint8_t base) {
  for (const int plane : {0, 1, 2}) labels.insert(labels.end(), 1024, static_cast<std::uint8_t>(base + plane));
  labels[labels.size() - 3072] = 200;
  return labels;
}

class Cifar : public ::testing::Test {
 protected:
  Cifar() {
    for (const char* batch : {"1", "2", "3", "4", "5"})
      test::write_file(folder_ / (std::string("data_batch_") + batch + ".bin"), record({9}, 10));
    test::write_file(folder_ / "test_batch.bin", record({3}, 20));
    test::write_file(folder_ / "train.bin", record({4, 99}, 30));
    test::write_file(folder_ / "test.bin", record({1, 7}, 40));
  }
  Dataset load(CifarKind kind, Split split, CifarLayout layout = CifarLayout::planar) const {
    return load_cifar(here_, kind, split, layout);
  }
  std::string error(CifarKind kind, Split split) const {
    return message_of([&] { load(kind, split); });
  }
  test::TempFolder folder_;
  std::string here_ = folder_ / "";
};

TEST_F(Cifar, PlanesBecomePixels) {
  const Dataset data = load(CifarKind::cifar10, Split::test);
  const auto* bytes = static_cast<const std::uint8_t*>(data.samples());
  EXPECT_EQ(data.shape(), (Shape{32, 32, 3}));
  EXPECT_THAT(Bytes(bytes, bytes + 6), ElementsAre(200, 21, 22, 20, 21, 22));
  EXPECT_THAT(data.labels(), ElementsAre(3));
}

TEST_F(Cifar, ThePflLayoutIsTheRowsAsTheyStand) {
  const Dataset data = load(CifarKind::cifar10, Split::test, CifarLayout::pfl);
  const auto* bytes = static_cast<const std::uint8_t*>(data.samples());
  EXPECT_THAT(Bytes(bytes, bytes + 3), ElementsAre(200, 20, 20));
  EXPECT_EQ(bytes[1024], 21);
}

TEST_F(Cifar, TheTrainSplitIsAllFiveBatches) {
  const Dataset data = load(CifarKind::cifar10, Split::train);
  EXPECT_THAT(data.labels(), ElementsAre(9, 9, 9, 9, 9));
  EXPECT_EQ(data.classes(), 10);
}

TEST_F(Cifar, Cifar100HasFineLabels) {
  const Dataset data = load(CifarKind::cifar100, Split::train);
  EXPECT_THAT(data.labels(), ElementsAre(99));
  EXPECT_EQ(data.classes(), 100);
}

TEST_F(Cifar, ClassNamesAreReadWhereTheyAre) {
  EXPECT_TRUE(load(CifarKind::cifar10, Split::test).class_names.empty());
  test::write_file(folder_ / "batches.meta.txt", std::string("a\nb\r\nc\nd\ne\nf\ng\nh\ni\nj\n\n"));
  EXPECT_THAT(load(CifarKind::cifar10, Split::test).class_names,
              ElementsAre("a", "b", "c", "d", "e", "f", "g", "h", "i", "j"));
  test::write_file(folder_ / "batches.meta.txt", std::string("a\nb"));
  EXPECT_EQ(error(CifarKind::cifar10, Split::test), here_ + "batches.meta.txt: 2 class names, expected 10");
}

TEST_F(Cifar, RefusesWhatDoesNotFit) {
  const std::string path = folder_ / "test_batch.bin";
  const auto refusal = [&](const Bytes& bytes) {
    test::write_file(path, bytes);
    return error(CifarKind::cifar10, Split::test);
  };
  EXPECT_EQ(refusal({}), path + ": 0 bytes, expected records of 3073 bytes");
  EXPECT_EQ(refusal(Bytes(3072)), path + ": 3072 bytes, expected records of 3073 bytes");
  EXPECT_EQ(refusal(record({10}, 0)), path + ": label 10 of record 0, expected 0 to 9");
  EXPECT_EQ(refusal(record({0, 0}, 0)), path + ": 3074 bytes, expected records of 3073 bytes");
  std::filesystem::remove(path);
  EXPECT_EQ(error(CifarKind::cifar10, Split::test), path + ": no such file");
  std::filesystem::create_directory(path);
  EXPECT_EQ(error(CifarKind::cifar10, Split::test), path + ": expected a file, found a directory");
}

}  // namespace
}  // namespace fedscape
