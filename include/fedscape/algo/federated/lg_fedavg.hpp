#pragma once

#include "fedscape/algo/federated/local_slots.hpp"

namespace fedscape {

/// LG-FedAvg, local and global (Liang, Liu, Ziyin, Allen, Auerbach, Brent, Salakhutdinov and Morency, 2020): features
/// stay with their client, the classifier is learned together. Deviation: the paper starts from a model that FedAvg has
/// trained; here that is --init.
class LgFedAvg : public LocalSlots {
 public:
  bool is_local(const ParamSlot& slot) const override { return slot.group != ParamGroup::classifier; }
};

}  // namespace fedscape
