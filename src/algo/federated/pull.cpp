#include "src/algo/federated/pull.hpp"

#include "fedscape/ops/proximal.hpp"
#include "fedscape/ops/reduce.hpp"

namespace fedscape {

void add_pull(const LocalStep& step, double weight, View<const float> anchors, View<float> grads) {
  const Tensor<float> unreported(step.stream, {grads.shape[0]});
  ops::fill(step.stream, 0.0f, unreported.view());
  const bool shared = anchors.shape[0] == 1;
  for (const ParamRun& run : step.network.layout().trained()) {
    const Slot<const float> own = slot(anchors, run.first), one{own.data, 0};
    ops::proximal(step.stream, ops::Proximal::squared, static_cast<float>(weight), run.second - run.first,
                  slot(step.params, run.first), shared ? one : own, unreported, slot(grads, run.first));
  }
}

}  // namespace fedscape
