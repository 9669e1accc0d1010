#pragma once

#include "fedscape/algo/federated/local_slots.hpp"

namespace fedscape {

/// FedBN (Li, Jiang, Zhang, Kamp and Dou, ICLR 2021): scales, shifts and statistics of normalisation stay with their
/// client, everything else is averaged. Without such layers this is FedAvg.
class FedBn : public LocalSlots {
 public:
  bool is_local(const ParamSlot& slot) const override { return slot.group == ParamGroup::norm; }
};

}  // namespace fedscape
