#include "fedscape/io/direction_file.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "fedscape/base/rng.hpp"
#include "fedscape/io/hdf5_file.hpp"
#include "fedscape/nn/layers.hpp"
#include "fedscape/nn/network.hpp"
#include "tests/support/message_of.hpp"
#include "tests/support/temp_folder.hpp"

namespace fedscape {
namespace {

/// Convolution 3 -> 4, batch norm, linear 4*2*2 -> 5: seven entries of weights and bias, three more of the state dict.
Network small_network() {
  Network network({2, 2, 3});
  const int c = network.add("conv1", conv(square(4, 3, 1, 1)), {0});
  const int b = network.add("bn1", batch_norm(), {c});
  const int f = network.add("flatten", flatten(), {b});
  network.add("fc", linear(5), {f});
  network.finish();
  return network;
}

std::vector<float> values_of(const ParamLayout& layout, std::uint64_t seed, bool states) {
  std::vector<float> values(static_cast<std::size_t>(layout.size()));
  fill_normal({seed}, 0, 1, values);
  for (const ParamSlot& slot : layout.slots())
    if (slot.role == ParamRole::statistic && !states) std::fill_n(values.begin() + slot.offset, slot.size(), 0.0f);
  return values;
}

TEST(DirectionFile, GivesBackWhatWasWritten) {
  const test::TempFolder folder;
  const Network network = small_network();
  for (const bool states : {false, true})
    for (const bool line : {false, true}) {
      Directions written{values_of(network.layout(), 1, states), values_of(network.layout(), 2, states), states};
      if (line) written.y.clear();
      write_directions(folder / "d.h5", network.layout(), written);
      const Directions read = read_directions(folder / "d.h5", network.layout());
      EXPECT_EQ(read.x, written.x);
      EXPECT_EQ(read.y, written.y);
      EXPECT_EQ(read.states, states);
    }
}

/// What net_plotter.load_directions and set_weights or set_states of loss-landscape rely on.
TEST(DirectionFile, HasPyTorchsShapesInPyTorchsOrder) {
  const test::TempFolder folder;
  const Network network = small_network();
  const auto x = values_of(network.layout(), 1, true);
  write_directions(folder / "w.h5", network.layout(), {x, {}, false});
  write_directions(folder / "s.h5", network.layout(), {x, {}, true});
  const auto shapes = [&](const std::string& file) {
    std::vector<Shape> found;
    hdf5::read_file(folder / file, [&](const hdf5::Group& root) {
      found.clear();
      const hdf5::Group group = root.group("xdirection");
      for (std::size_t i = 0; i < group.names().size(); ++i) found.push_back(group.dataset(std::to_string(i)).shape());
    });
    return found;
  };
  EXPECT_EQ(shapes("w.h5"), (std::vector<Shape>{{4, 3, 3, 3}, {4}, {4}, {4}, {5, 16}, {5}}));
  EXPECT_EQ(shapes("s.h5"), (std::vector<Shape>{{4, 3, 3, 3}, {4}, {4}, {4}, {4}, {4}, {}, {5, 16}, {5}}));
}

TEST(DirectionFile, ElementsAreInPyTorchsOrder) {
  const test::TempFolder folder;
  const Network network = small_network();
  const ParamSlot& slot = network.layout()[0];
  std::vector<float> torch(static_cast<std::size_t>(slot.size()));
  std::iota(torch.begin(), torch.end(), 0.0f);
  std::vector<float> x(static_cast<std::size_t>(network.layout().size()), 0.0f);
  from_torch_order(slot, torch, std::span(x).first(torch.size()));
  write_directions(folder / "d.h5", network.layout(), {x, {}, false});
  hdf5::read_file(folder / "d.h5",
                  [&](const hdf5::Group& root) { EXPECT_EQ(root.dataset("xdirection/0").read<float>(1000), torch); });
}

/// The message about a file of directions of the small network after `change`.
std::string verdict(const std::function<void(hdf5::Group& x)>& change) {
  const test::TempFolder folder;
  const Network network = small_network();
  hdf5::File file = hdf5::File::create(folder / "d.h5");
  hdf5::Group x = file.make_group("xdirection");
  change(x);
  file.save();
  return test::message_of([&] { read_directions(folder / "d.h5", network.layout()); });
}

void write_slots(hdf5::Group& x, const std::vector<Shape>& shapes, float value = 1) {
  for (std::size_t i = 0; i < shapes.size(); ++i)
    x.write<float>(std::to_string(i), shapes[i], std::vector<float>(static_cast<std::size_t>(shapes[i].size()), value));
}

TEST(DirectionFile, OfAnotherNetworkIsRefusedWithTheParametersName) {
  const std::string number = verdict([](hdf5::Group& x) { write_slots(x, {{4, 3, 3, 3}, {4}}); });
  EXPECT_NE(number.find("6 datasets (weights) or 9 (states), found 2"), std::string::npos) << number;
  const std::string shape = verdict([](hdf5::Group& x) {
    write_slots(x, {{4, 3, 5, 5}, {4}, {4}, {4}, {5, 16}, {5}});
  });
  EXPECT_NE(shape.find("conv1.weight of shape [4,3,3,3] expected, found [4,3,5,5]"), std::string::npos) << shape;
  const std::string order = verdict([](hdf5::Group& x) {
    write_slots(x, {{4, 3, 3, 3}, {4}, {4}, {4}, {16, 5}, {5}});
  });
  EXPECT_NE(order.find("fc.weight of shape [5,16] expected"), std::string::npos) << order;
}

TEST(DirectionFile, WithNumbersThatAreNotFiniteOrNoGroupIsRefused) {
  const std::vector<Shape> shapes = {{4, 3, 3, 3}, {4}, {4}, {4}, {5, 16}, {5}};
  EXPECT_EQ(verdict([&](hdf5::Group& x) { write_slots(x, shapes); }), "");
  EXPECT_NE(verdict([&](hdf5::Group& x) { write_slots(x, shapes, std::nanf("")); }).find("finite"), std::string::npos);
  const test::TempFolder folder;
  hdf5::File::create(folder / "d.h5").save();
  EXPECT_NE(test::message_of([&] { read_directions(folder / "d.h5", small_network().layout()); }).find("xdirection"),
            std::string::npos);
}

}  // namespace
}  // namespace fedscape
