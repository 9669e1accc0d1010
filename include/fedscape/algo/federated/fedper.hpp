#pragma once

#include "fedscape/algo/federated/local_slots.hpp"

namespace fedscape {

/// FedPer (Arivazhagan, Aggarwal, Singh and Choudhary, 2019): the classifier stays with its client, features are
/// learned together.
class FedPer : public LocalSlots {
 public:
  bool is_local(const ParamSlot& slot) const override { return slot.group == ParamGroup::classifier; }
};

}  // namespace fedscape
