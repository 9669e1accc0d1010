#include "fedscape/nn/layout.hpp"

#include <algorithm>
#include <array>

#include "fedscape/base/check.hpp"

namespace fedscape {

namespace {

void append(const ParamSlot& slot, std::vector<ParamRun>& runs) {
  const std::int64_t end = slot.offset + slot.size();
  if (!runs.empty() && runs.back().second == slot.offset)
    runs.back().second = end;
  else
    runs.emplace_back(slot.offset, end);
}

}  // namespace

int ParamLayout::add(ParamSlot slot) {
  FEDSCAPE_CHECK(find(slot.name) < 0, "two parameters are named {}", slot.name);
  slot.offset = size_;
  size_ += slot.size();
  if (slot.role != ParamRole::statistic) append(slot, trained_);
  slots_.push_back(std::move(slot));
  return static_cast<int>(slots_.size()) - 1;
}

std::vector<ParamRun> ParamLayout::trained(bool (*wanted)(const ParamSlot&)) const {
  std::vector<ParamRun> runs;
  for (const ParamSlot& slot : slots_)
    if (slot.role != ParamRole::statistic && wanted(slot)) append(slot, runs);
  return runs;
}

int ParamLayout::find(std::string_view name) const {
  const auto found =
      std::find_if(slots_.begin(), slots_.end(), [&](const ParamSlot& slot) { return slot.name == name; });
  return found == slots_.end() ? -1 : static_cast<int>(found - slots_.begin());
}

void ParamLayout::set_group(std::string_view prefix, ParamGroup group) {
  for (ParamSlot& slot : slots_)
    if (slot.name.starts_with(prefix)) slot.group = group;
}

namespace {

/// Calls visit(position in PyTorch's order, position in ours) for every element.
template <class Visit>
void for_each_element(const ParamSlot& slot, Visit&& visit) {
  const int rank = slot.split.rank();
  std::array<std::int64_t, Shape::kMaxRank> ours_stride{}, extent{}, stride{}, index{};
  std::int64_t step = 1;
  for (int axis = rank - 1; axis >= 0; --axis) {
    ours_stride[static_cast<std::size_t>(axis)] = step;
    step *= slot.split[axis];
  }
  for (std::size_t axis = 0; axis < static_cast<std::size_t>(rank); ++axis) {
    const int from = slot.torch_permutation[axis];
    extent[axis] = slot.split[from];
    stride[axis] = ours_stride[static_cast<std::size_t>(from)];
  }
  std::int64_t ours = 0;
  for (std::int64_t torch = 0; torch < slot.size(); ++torch) {
    visit(static_cast<std::size_t>(torch), static_cast<std::size_t>(ours));
    for (std::size_t axis = static_cast<std::size_t>(rank); axis-- > 0;) {  // an odometer in PyTorch's order
      ours += stride[axis];
      if (++index[axis] < extent[axis]) break;
      ours -= stride[axis] * extent[axis];
      index[axis] = 0;
    }
  }
}

}  // namespace

void to_torch_order(const ParamSlot& slot, std::span<const float> ours, std::span<float> torch) {
  for_each_element(slot, [&](std::size_t t, std::size_t o) { torch[t] = ours[o]; });
}

void from_torch_order(const ParamSlot& slot, std::span<const float> torch, std::span<float> ours) {
  for_each_element(slot, [&](std::size_t t, std::size_t o) { ours[o] = torch[t]; });
}

}  // namespace fedscape
