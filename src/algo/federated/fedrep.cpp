#include "fedscape/algo/federated/fedrep.hpp"

namespace fedscape {

namespace {

bool in_head(const ParamSlot& slot) { return slot.group == ParamGroup::classifier; }
bool in_body(const ParamSlot& slot) { return !in_head(slot); }

}  // namespace

void FedRep::options(Fields& f) {
  f.field("head_steps", head_steps, "FedRep: steps of the classifier, times the local steps");
  f.field("body_steps", body_steps, "FedRep: steps of the features after that, times the local steps");
}

void FedRep::check(const OptimizerOptions&) const {
  const auto positive = [](std::string_view option, double steps) {
    FEDSCAPE_CHECK(steps > 0 && steps <= 1e6, "{} of FedRep is {}; it must be above 0 and at most 1000000", option,
                   steps);
  };
  positive("head_steps", head_steps);
  positive("body_steps", body_steps);
}

std::vector<Stage> FedRep::stages() const {
  return {{.steps = head_steps, .min_steps = 1, .trains = in_head},
          {.steps = body_steps, .min_steps = 1, .trains = in_body}};
}

}  // namespace fedscape
