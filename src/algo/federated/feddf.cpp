#include "fedscape/algo/federated/feddf.hpp"

#include <cmath>
#include <utility>

#include "fedscape/algo/distill/soft_labels.hpp"
#include "fedscape/algo/federated/teachers.hpp"
#include "fedscape/ops/reduce.hpp"

namespace fedscape {

void FedDf::options(Fields& f) {
  f.field("power", power, "FedDF: the teachers' probabilities are raised to it; 1: as in the paper");
  refinement.options(f);
}

void FedDf::check(const OptimizerOptions&) const {
  FEDSCAPE_CHECK(power > 0 && std::isfinite(power), "power of FedDF is {}; it must be above 0", power);
  refinement.check("FedDF");
}

FederatedAlgorithm::Footprint FedDf::footprint(const Problem& problem) const {
  return {.upload = problem.layout.size(), .uploads = true, .server_data = true};
}

void FedDf::server_update(const ServerStep& step) const {
  const Tensor<float> received(step.stream, step.global.shape);
  ops::axpby(step.stream, 1, step.global, 0, received);
  move_global(step, 1);
  if (!refinement.due(step)) return;

  const std::int64_t C = step.network.classes();
  std::vector<float> labels =
      sum_over_teachers(step, {.received = received, .common = {}}, [C](Predictions& seen, Lesson& lesson) {
        centre_rows(seen.logits, C);
        lesson.labels.swap(seen.logits);
      }).labels;
  softmax_rows(labels, C);
  const std::vector<float> taught = labels;
  sharpen_rows(labels, C, power);
  refine_global(step, refinement, labels, taught, predict_global(step, false).logits);
}

}  // namespace fedscape
