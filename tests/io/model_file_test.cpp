#include "fedscape/io/model_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "fedscape/io/atomic_file.hpp"
#include "fedscape/io/hdf5_file.hpp"
#include "tests/io/small_layout.hpp"
#include "tests/support/message_of.hpp"
#include "tests/support/temp_folder.hpp"

namespace fedscape {
namespace {

using test::counted;
using test::message_of;
using test::small_layout;
using testing::ElementsAre;
using testing::HasSubstr;

NamedTensor& tensor(TensorFile& file, const std::string& name) {
  for (NamedTensor& one : file.tensors)
    if (one.name == name) return one;
  fail("no tensor " + name);
}

TEST(ModelFile, ArrangesTensorsAsPyTorchDoes) {
  const ParamLayout layout = small_layout();
  TensorFile file = to_state_dict(layout, counted(layout));
  // Ours is [out, y, x, in]: element (0, in=1, y=0, x=1) of PyTorch's [out, in, y, x] is our number 3 + 1.
  EXPECT_THAT(tensor(file, "conv.weight").floats(), ElementsAre(0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11));
  EXPECT_EQ(tensor(file, "conv.weight").shape, (Shape{2, 3, 1, 2}));
  EXPECT_THAT(tensor(file, "linear.weight").floats(), ElementsAre(16, 18, 17, 19, 20, 22, 21, 23));
  EXPECT_THAT(tensor(file, "bn.num_batches_tracked").integers(), ElementsAre(0));
}

TEST(ModelFile, ReadsBackTheSameBitsFromSafetensorsAndHdf5) {
  const test::TempFolder folder;
  const ParamLayout layout = small_layout();
  const TensorFile file = to_state_dict(layout, counted(layout));
  write_safetensors(folder / "m.safetensors", file);
  hdf5::File run = hdf5::File::create(folder / "m.h5");
  hdf5::Group model = run.make_group("model");
  write_state_dict(model, to_state_dict(layout, std::vector<float>(static_cast<std::size_t>(layout.size()))));
  write_state_dict(model, file);  // overwrites
  run.save();
  EXPECT_EQ(read_model(folder / "m.safetensors", layout), counted(layout));
  EXPECT_EQ(read_model(folder / "m.h5", layout), counted(layout));
}

TEST(ModelFile, AcceptsAWrappersPrefixAndAnotherNameOfTheClassifier) {
  const ParamLayout layout = small_layout();
  TensorFile file = to_state_dict(layout, counted(layout));
  tensor(file, "linear.weight").name = "fc.weight";
  tensor(file, "linear.bias").name = "fc.bias";
  EXPECT_EQ(from_state_dict(layout, file, "x"), counted(layout));
  for (NamedTensor& one : file.tensors) one.name = "module." + one.name;
  EXPECT_EQ(from_state_dict(layout, file, "x"), counted(layout));
}

TEST(ModelFile, ListsWhatDoesNotFitInOneMessage) {
  const ParamLayout layout = small_layout();
  TensorFile file = to_state_dict(layout, counted(layout));
  tensor(file, "conv.weight").name = "stem.weight";
  tensor(file, "linear.weight").shape = {4, 2};
  tensor(file, "bn.running_var") = integer_tensor("bn.running_var", {2}, {1, 1});
  EXPECT_EQ(
      message_of([&] { from_state_dict(layout, file, "m"); }),
      "m: the 5 parameters of the network expected, found others: missing conv.weight; unexpected stem.weight; "
      "different bn.running_var (I64 [2] instead of floats [2]), linear.weight (F32 [4,2] instead of floats [2,4])");
}

TEST(ModelFile, ListsOnlyTheFirstFew) {
  EXPECT_THAT(message_of([&] { from_state_dict(small_layout(), {}, "m"); }),
              HasSubstr("missing conv.weight, bn.running_mean, bn.running_var and 2 more"));
}

TEST(ModelFile, RefusesValuesThatAreNotFinite) {
  const ParamLayout layout = small_layout();
  std::vector<float> params = counted(layout);
  params[13] = std::numeric_limits<float>::infinity();
  EXPECT_THAT(message_of([&] { from_state_dict(layout, to_state_dict(layout, params), "m"); }),
              HasSubstr("m: bn.running_mean: finite values expected"));
}

TEST(ModelFile, RefusesAnEmptyFileAndAMissingOne) {
  const test::TempFolder folder;
  replace_file(folder / "empty", {});
  EXPECT_THAT(message_of([&] { read_model(folder / "empty", small_layout()); }), HasSubstr("found 0 bytes"));
  EXPECT_THAT(message_of([&] { read_model(folder / "none", small_layout()); }), HasSubstr("No such file"));
}

}  // namespace
}  // namespace fedscape
