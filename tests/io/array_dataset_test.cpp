#include "fedscape/io/array_dataset.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fedscape/io/hdf5_file.hpp"
#include "fedscape/io/safetensors.hpp"
#include "fedscape/io/tff_dataset.hpp"
#include "tests/support/corrupt.hpp"
#include "tests/support/files.hpp"
#include "tests/support/message_of.hpp"
#include "tests/support/temp_folder.hpp"

namespace fedscape {
namespace {

using test::Bytes;
using test::message_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Integers = std::vector<std::int64_t>;

class Arrays : public ::testing::Test {
 protected:
  /// train.h5 with x of a shape, filled with 0, 1, 2, ..., y and, unless empty, user.
  void write_hdf5(const Shape& shape, const Integers& y, const Integers& user = {}) const {
    hdf5::File file = hdf5::File::create(folder_ / "train.h5");
    Bytes x(static_cast<std::size_t>(shape.size()));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<std::uint8_t>(i);
    file.write<std::uint8_t>("x", shape, x);
    file.write<std::int64_t>("y", {std::ssize(y)}, y);
    if (!user.empty()) file.write<std::int64_t>("user", {std::ssize(user)}, user);
    file.save();
  }
  std::string refusal() const {
    return message_of([&] { load_arrays(here_, Split::train); });
  }
  test::TempFolder folder_;
  std::string here_ = folder_ / "";
};

TEST_F(Arrays, Hdf5IsReadWithItsOwners) {
  write_hdf5({3, 2, 2}, {0, 4, 1}, {70, -5, 70});
  const Dataset data = load_arrays(here_, Split::train);
  EXPECT_EQ(data.shape(), (Shape{2, 2, 1}));
  EXPECT_EQ(data.classes(), 5);
  EXPECT_EQ(data.type(), SampleType::bytes);
  EXPECT_THAT(data.labels(), ElementsAre(0, 4, 1));
  EXPECT_THAT(data.users, ElementsAre(1, 0, 1));
  EXPECT_THAT(data.user_names, ElementsAre("-5", "70"));
}

TEST_F(Arrays, ShapesOfTwoToFourAxesAreSamples) {
  const auto shape = [&](const Shape& all) {
    write_hdf5(all, {0, 1});
    return load_arrays(here_, Split::train).shape();
  };
  EXPECT_EQ(shape({2, 5}), (Shape{1, 1, 5}));
  EXPECT_EQ(shape({2, 3, 4, 3}), (Shape{3, 4, 3}));
}

TEST_F(Arrays, SafetensorsAreRead) {
  write_safetensors(folder_ / "test.safetensors",
                    {{float_tensor("x", {2, 3}, {1, 2, 3, 4, 5, 6}), integer_tensor("y", {2}, {1, 0})}, {}});
  const Dataset data = load_arrays(here_, Split::test, 7);
  EXPECT_EQ(data.type(), SampleType::floats);
  EXPECT_EQ(data.shape(), (Shape{1, 1, 3}));
  EXPECT_EQ(data.classes(), 7);
  EXPECT_EQ(static_cast<const float*>(data.samples())[5], 6);
}

TEST_F(Arrays, RefusesWhatDoesNotFit) {
  EXPECT_THAT(refusal(), HasSubstr("expected train.h5, .hdf5 or .safetensors, found none"));
  write_hdf5({3, 2}, {0, 1});
  EXPECT_THAT(refusal(), HasSubstr("train.h5: 2 labels in y for 3 samples in x"));
  write_hdf5({2}, {0, 1});
  EXPECT_THAT(refusal(), HasSubstr("x [2], expected [N,features]"));
  write_hdf5({2, 2}, {0, -1});
  EXPECT_THAT(refusal(), HasSubstr("label -1 in y"));
  write_hdf5({2, 2}, {0, std::int64_t{1} << 40});
  EXPECT_THAT(refusal(), HasSubstr("label 1099511627776 in y"));
  write_hdf5({2, 2}, {0, 1}, {1, 2, 3});
  EXPECT_THAT(refusal(), HasSubstr("3 in user for 2 samples"));
  test::write_file(folder_ / "train.h5", Bytes{1, 2, 3});
  EXPECT_THAT(refusal(), HasSubstr("train.h5"));
  write_safetensors(folder_ / "test.safetensors", {{integer_tensor("y", {2}, {1, 0})}, {}});
  EXPECT_THAT(message_of([&] { load_arrays(here_, Split::test); }), HasSubstr("expected a tensor 'x'"));
}

class Tff : public ::testing::Test {
 protected:
  Tff() {
    hdf5::File file = hdf5::File::create(folder_ / "fed_emnist_train.h5");
    write_user(file, "f0002", {1, 2, 2}, {0});
    write_user(file, "f0001", {2, 2, 2}, {5, 1});
    file.save();
  }
  static void write_user(hdf5::File& file, const std::string& user, const Shape& shape, const Integers& labels) {
    const std::vector<float> pixels(static_cast<std::size_t>(shape.size()), 0.5f);
    file.write<float>("examples/" + user + "/pixels", shape, pixels);
    file.write<std::int64_t>("examples/" + user + "/label", {std::ssize(labels)}, labels);
  }
  std::string refusal(const Shape& shape, const Integers& labels) const {
    hdf5::File file = hdf5::File::create(folder_ / "bad_test.h5");
    write_user(file, "a", {1, 2, 2}, {0});
    write_user(file, "b", shape, labels);
    file.save();
    return message_of([&] { load_tff(here_, Split::test); });
  }
  test::TempFolder folder_;
  std::string here_ = folder_ / "";
};

TEST_F(Tff, UsersAreInTheOrderOfTheirNames) {
  const Dataset data = load_tff(here_, Split::train);
  EXPECT_EQ(data.shape(), (Shape{2, 2, 1}));
  EXPECT_THAT(data.labels(), ElementsAre(5, 1, 0));
  EXPECT_THAT(data.users, ElementsAre(0, 0, 1));
  EXPECT_THAT(data.user_names, ElementsAre("f0001", "f0002"));
}

TEST_F(Tff, RefusesWhatDoesNotFit) {
  EXPECT_THAT(message_of([&] { load_tff(here_, Split::test); }), HasSubstr("expected one *test*.h5, found 0"));
  EXPECT_THAT(refusal({1, 2, 3}, {0}), HasSubstr("samples of [2,3,1], expected [2,2,1]"));
  EXPECT_THAT(refusal({1, 2, 2}, {0, 1}), HasSubstr("2 labels for 1 samples"));
  EXPECT_THAT(refusal({1, 2, 2}, {-3}), HasSubstr("label -3"));
  EXPECT_THAT(refusal({4}, {0}), HasSubstr("expected [n,y,x]"));
}

TEST_F(Tff, CorruptedCopiesAreReadOrRefused) {
  const std::filesystem::path copy = folder_ / "copy_test.h5", whole = folder_ / "fed_emnist_train.h5";
  std::filesystem::resize_file(whole, std::filesystem::file_size(whole) - 16);  // a file of somebody else: no seal
  const int copies = test::corruptions(40);
  EXPECT_GT(test::count_refused(whole, copy, copies, [&] { load_tff(here_, Split::test); }), copies / 4);
}

}  // namespace
}  // namespace fedscape
