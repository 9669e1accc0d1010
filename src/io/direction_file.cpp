#include "fedscape/io/direction_file.hpp"

#include <algorithm>
#include <cmath>

#include "fedscape/base/check.hpp"
#include "fedscape/io/hdf5_file.hpp"

namespace fedscape {
namespace {

constexpr const char* kX = "xdirection";
constexpr const char* kY = "ydirection";

/// The datasets of a direction: their slots in order; -1 stands for a batch norm's num_batches_tracked, which in
/// PyTorch's state dict follows running_var.
std::vector<int> entries(const ParamLayout& layout, bool states) {
  std::vector<int> slots;
  for (int i = 0; i < static_cast<int>(layout.slots().size()); ++i) {
    if (layout[i].role != ParamRole::statistic) {
      slots.push_back(i);
    } else if (states) {
      slots.push_back(i);
      if (layout[i].name.ends_with("running_var")) slots.push_back(-1);
    }
  }
  return slots;
}

std::span<const float> part(std::span<const float> model, const ParamSlot& slot) {
  return model.subspan(static_cast<std::size_t>(slot.offset), static_cast<std::size_t>(slot.size()));
}

void read_slot(const hdf5::Dataset& dataset, const ParamSlot& slot, std::vector<float>& direction) {
  FEDSCAPE_CHECK(dataset.shape() == slot.torch_shape, "{}: {} of shape {} expected, found {}", dataset.where(),
                 slot.name, slot.torch_shape.text(), dataset.shape().text());
  FEDSCAPE_CHECK(dataset.holds_floats(), "{}: {} as floats expected, found another type", dataset.where(), slot.name);
  const std::vector<float> values = dataset.read<float>(slot.size());
  const bool finite = std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
  FEDSCAPE_CHECK(finite, "{}: finite numbers for {} expected, found others", dataset.where(), slot.name);
  const auto begin = static_cast<std::size_t>(slot.offset);
  from_torch_order(slot, values, std::span(direction).subspan(begin, values.size()));
}

std::vector<float> read_direction(const hdf5::Group& group, const ParamLayout& layout, std::span<const int> slots) {
  std::vector<float> direction(static_cast<std::size_t>(layout.size()), 0.0f);
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const hdf5::Dataset dataset = group.dataset(fmt::format("{}", i));
    if (slots[i] >= 0)
      read_slot(dataset, layout[slots[i]], direction);
    else
      FEDSCAPE_CHECK(dataset.shape().size() == 1, "{}: the scalar num_batches_tracked expected, found {}",
                     dataset.where(), dataset.shape().text());
  }
  return direction;
}

/// Whether a group with this many datasets holds states; an Error if it fits neither weights nor states.
bool holds_states(const hdf5::Group& group, const ParamLayout& layout) {
  const std::size_t weights = entries(layout, false).size(), states = entries(layout, true).size();
  const std::size_t found = group.names(1'000'000).size();
  FEDSCAPE_CHECK(found == weights || found == states,
                 "{}: a direction of the network expected, {} datasets (weights) or {} (states), found {}",
                 group.where(), weights, states, found);
  return found != weights;
}

void write_direction(hdf5::Group group, const ParamLayout& layout, std::span<const int> slots,
                     std::span<const float> direction) {
  FEDSCAPE_CHECK(static_cast<std::int64_t>(direction.size()) == layout.size(),
                 "{}: a direction of {} values for a network of {} parameters", group.where(), direction.size(),
                 layout.size());
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const std::string name = fmt::format("{}", i);
    if (slots[i] < 0) {
      const std::int64_t zero = 0;
      group.write<std::int64_t>(name, {}, std::span(&zero, 1));
      continue;
    }
    const ParamSlot& slot = layout[slots[i]];
    std::vector<float> values(static_cast<std::size_t>(slot.size()));
    to_torch_order(slot, part(direction, slot), values);
    group.write<float>(name, slot.torch_shape, values);
  }
}

}  // namespace

Directions read_directions(const std::filesystem::path& path, const ParamLayout& layout) {
  Directions directions;
  hdf5::read_file(path, [&](const hdf5::Group& root) {
    const hdf5::Group x = root.group(kX);
    directions = {};
    directions.states = holds_states(x, layout);
    const std::vector<int> slots = entries(layout, directions.states);
    directions.x = read_direction(x, layout, slots);
    if (!root.has_group(kY)) return;
    const hdf5::Group y = root.group(kY);
    FEDSCAPE_CHECK(holds_states(y, layout) == directions.states, "{}: {} expected as in {}, found the other kind",
                   y.where(), directions.states ? "states" : "weights", kX);
    directions.y = read_direction(y, layout, slots);
  });
  return directions;
}

void write_directions(const std::filesystem::path& path, const ParamLayout& layout, const Directions& directions) {
  const std::vector<int> slots = entries(layout, directions.states);
  hdf5::File file = hdf5::File::create(path);
  write_direction(file.make_group(kX), layout, slots, directions.x);
  if (!directions.y.empty()) write_direction(file.make_group(kY), layout, slots, directions.y);
  file.save();
}

}  // namespace fedscape
