#include "fedscape/data/leaf.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/files.hpp"
#include "tests/support/message_of.hpp"
#include "tests/support/temp_folder.hpp"

namespace fedscape {
namespace {

using test::message_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kFirst =
    R"({"users":["b","a"],"num_samples":[2,1],"user_data":{"a":{"x":[[1,2.5]],"y":[3]},"b":{"x":[[3,4],[5,6]],"y":[0,1]}}})";
const std::string kSecond = R"({"users":["c"],"num_samples":[1],"user_data":{"c":{"x":[[7,8]],"y":[2]}}})";

class Leaf : public ::testing::Test {
 protected:
  std::string refusal(const std::string& text) const {
    test::write_file(folder_ / "train/0.json", text);
    return message_of([&] { load_leaf(here_, Split::train); });
  }
  test::TempFolder folder_;
  std::string here_ = folder_ / "";
};

TEST_F(Leaf, AllShardsOfASplitAreRead) {
  test::write_file(folder_ / "train/0.json", kFirst);
  test::write_file(folder_ / "train/1.json", kSecond);
  const Dataset data = load_leaf(here_, Split::train);
  EXPECT_EQ(data.shape(), (Shape{1, 1, 2}));
  EXPECT_EQ(data.classes(), 4);
  EXPECT_THAT(data.labels(), ElementsAre(0, 1, 3, 2));
  EXPECT_THAT(data.users, ElementsAre(0, 0, 1, 2));
  EXPECT_THAT(data.user_names, ElementsAre("b", "a", "c"));
  const auto* x = static_cast<const float*>(data.samples());
  EXPECT_THAT(std::vector<float>(x, x + 8), ElementsAre(3, 4, 5, 6, 1, 2.5f, 7, 8));
}

TEST_F(Leaf, VectorsOf784AreImages) {
  std::string pixels = "0";
  for (int i = 1; i < 784; ++i) pixels += ",0.5";
  test::write_file(folder_ / "test/0.json",
                   R"({"users":["u"],"num_samples":[1],"user_data":{"u":{"x":[[)" + pixels + R"(]],"y":[0]}}})");
  EXPECT_EQ(load_leaf(here_, Split::test, 62).shape(), (Shape{28, 28, 1}));
  EXPECT_EQ(load_leaf(here_, Split::test, 62).classes(), 62);
}

std::string one(const std::string& x, const std::string& y, const std::string& count = "1") {
  return R"({"users":["u"],"num_samples":[)" + count + R"(],"user_data":{"u":{"x":)" + x + R"(,"y":)" + y + "}}}";
}

TEST_F(Leaf, RefusesWhatIsNotLeaf) {
  EXPECT_THAT(message_of([&] { load_leaf(here_, Split::train); }), HasSubstr("No such file"));
  EXPECT_THAT(refusal(""), HasSubstr("0.json: not JSON"));
  EXPECT_THAT(refusal(kFirst.substr(0, 50)), HasSubstr("not JSON"));
  EXPECT_THAT(refusal("[]"), HasSubstr("expected a member 'users'"));
  EXPECT_THAT(refusal(R"({"users":1})"), HasSubstr("expected 'users' to be a list, found number"));
  EXPECT_THAT(refusal(R"({"users":["u"],"num_samples":[],"user_data":{}})"), HasSubstr("1 users, but 0"));
  EXPECT_THAT(refusal(R"({"users":[1],"num_samples":[1],"user_data":{}})"), HasSubstr("expected names in 'users'"));
  EXPECT_THAT(refusal(R"({"users":["u"],"num_samples":[1],"user_data":{}})"), HasSubstr("expected a member 'u'"));
  EXPECT_THAT(refusal(R"({"users":[],"num_samples":[],"user_data":{}})"), HasSubstr("no samples in train"));
  EXPECT_THAT(refusal(std::string(1'000'000, '[')), HasSubstr("nested deeper than 8"));
}

TEST_F(Leaf, RefusesSamplesThatDoNotFit) {
  EXPECT_THAT(refusal(one("[[1],[2]]", "[0]")), HasSubstr("2 samples, 1 labels, num_samples 1"));
  EXPECT_THAT(refusal(one("[[1]]", "[0]", "7")), HasSubstr("1 samples, 1 labels, num_samples 7"));
  EXPECT_THAT(refusal(one("[[1,2],[3]]", "[0,0]", "2")), HasSubstr("a sample of 1 numbers, expected 2"));
  EXPECT_THAT(refusal(one("[[]]", "[0]")), HasSubstr("expected a sample to be a list of numbers"));
  EXPECT_THAT(refusal(one("[[\"a\"]]", "[0]")), HasSubstr("expected numbers in a sample, found string"));
  EXPECT_THAT(refusal(one("[[1e300]]", "[0]")), HasSubstr("sample 0 holds inf"));
  for (const char* label : {"[-1]", "[1.5]", "[\"a\"]", "[1048576]", "[18446744073709551615]"})
    EXPECT_THAT(refusal(one("[[1]]", label)), HasSubstr("expected labels from 0 to 1048575")) << label;
}

}  // namespace
}  // namespace fedscape
