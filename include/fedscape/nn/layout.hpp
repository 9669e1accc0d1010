#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fedscape/base/shape.hpp"

namespace fedscape {

enum class ParamRole { weight, bias, norm, statistic };   // statistic: averaged, never trained or perturbed
enum class ParamGroup { features, classifier, norm };     // what personalisation and per-group noise speak of
enum class ParamInit { zero, one, fan_in, bias_fan_in };  // see init.hpp; fan_in: a conv or linear weight

/// One named parameter of a network.
struct ParamSlot {
  std::string name;  // PyTorch's state-dict name, e.g. layer1.0.conv1.weight
  Shape shape;       // ours: [out, ky, kx, in / groups], [out, in] or [channels]; filters are the rows of axis 0
  ParamRole role = ParamRole::weight;
  ParamGroup group = ParamGroup::features;
  ParamInit init = ParamInit::zero;
  std::int64_t fan_in = 0, fan_out = 0;
  /// PyTorch's tensor: its shape, and for each of its axes which of our axes (after `split`) it is. A linear layer
  /// behind a flattened map has shape [out, y*x*c] here; split is then [out, y, x, c] and the permutation {0, 3, 1, 2}.
  Shape torch_shape;
  Shape split;
  std::vector<int> torch_permutation;
  std::int64_t offset = 0;  // set by ParamLayout

  std::int64_t size() const { return shape.size(); }
};

/// Parameters [first, second) of the flat vector.
using ParamRun = std::pair<std::int64_t, std::int64_t>;

/// Where each parameter sits inside one model's flat vector of size() floats, in the order PyTorch would list them.
class ParamLayout {
 public:
  /// Appends a slot, sets its offset and returns its index. Names are unique.
  int add(ParamSlot slot);
  std::span<const ParamSlot> slots() const { return slots_; }
  const ParamSlot& operator[](int index) const { return slots_[static_cast<std::size_t>(index)]; }
  /// Index of the slot with this name, or -1.
  int find(std::string_view name) const;
  std::int64_t size() const { return size_; }  // P
  /// Marks the slots that begin with `prefix` (the last linear layer's) as ParamGroup::classifier.
  void set_group(std::string_view prefix, ParamGroup group);

  /// Contiguous runs [begin, end) of the flat vector that hold no statistics: what is trained and perturbed.
  std::span<const ParamRun> trained() const { return trained_; }
  /// The runs of those slots among them that `wanted` holds for.
  std::vector<ParamRun> trained(bool (*wanted)(const ParamSlot&)) const;

 private:
  std::vector<ParamSlot> slots_;
  std::vector<ParamRun> trained_;
  std::int64_t size_ = 0;
};

/// The elements of one slot in PyTorch's order, and back. Both spans hold slot.size() floats and do not overlap.
void to_torch_order(const ParamSlot& slot, std::span<const float> ours, std::span<float> torch);
void from_torch_order(const ParamSlot& slot, std::span<const float> torch, std::span<float> ours);

}  // namespace fedscape
