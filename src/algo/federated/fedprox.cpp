#include "fedscape/algo/federated/fedprox.hpp"

#include <algorithm>

#include "fedscape/ops/proximal.hpp"

namespace fedscape {

void FedProx::options(Fields& f) {
  f.field("prox_mu", mu, "FedProx: weight of the distance to the global model; 0: none");
  f.field("prox_kind", kind, "FedProx: squared, or smooth_l1 (mean over tensors, as in the FedRepo release)");
}

void FedProx::add_gradient(const LocalStep& step, View<float> loss, View<float> grads) const {
  FEDSCAPE_CHECK(kind == "squared" || kind == "smooth_l1", "prox_kind = '{}'; squared or smooth_l1 are possible", kind);
  const auto pull = [&](ops::Proximal term, double weight, std::int64_t begin, std::int64_t length) {
    const Slot<const float> reference{step.global.data + begin, 0};
    ops::proximal(step.stream, term, static_cast<float>(weight), length, slot(step.params, begin), reference, loss,
                  slot(grads, begin));
  };
  const ParamLayout& layout = step.network.layout();
  if (kind == "squared") {
    for (const auto& run : layout.trained()) pull(ops::Proximal::squared, mu, run.first, run.second - run.first);
    return;
  }
  const auto trains = [](const ParamSlot& s) { return s.role != ParamRole::statistic; };
  const auto tensors = static_cast<double>(std::count_if(layout.slots().begin(), layout.slots().end(), trains));
  for (const ParamSlot& s : layout.slots())
    if (trains(s)) pull(ops::Proximal::smooth_l1, mu / (tensors * static_cast<double>(s.size())), s.offset, s.size());
}

}  // namespace fedscape
