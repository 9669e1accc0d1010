#include "fedscape/algo/federated/refinement.hpp"

#include <limits>
#include <numeric>

#include "fedscape/algo/distill/predictor.hpp"
#include "fedscape/algo/distill/soft_labels.hpp"
#include "fedscape/algo/exact_sum.hpp"
#include "fedscape/ops/reduce.hpp"

namespace fedscape {

void RefinementOptions::options(Fields& f) {
  f.field("every", every, "rounds from one refinement of the global model on server data to the next");
  f.field("feed_back", feed_back, "whether the refined model is the next global one; otherwise it is only reported on");
  distil.options(f);
}

void RefinementOptions::check(std::string_view whose) const {
  FEDSCAPE_CHECK(every >= 1, "every of {} is {}; it must be at least 1", whose, every);
  distil.check(whose);
}

std::vector<Figure> refinement_figures() {
  return {{"glo_accuracy", "percent"}, {"ens_accuracy", "percent"}, {"ref_accuracy", "percent"}};
}

void refine_global(const ServerStep& step, const RefinementOptions& options, std::span<const float> labels,
                   std::span<const float> taught, std::span<const float> before) {
  const Dataset& data = *step.server_data;
  std::vector<std::int32_t> order(static_cast<std::size_t>(data.size()));
  std::iota(order.begin(), order.end(), 0);
  Draws(step.key).shuffle(std::span(order));
  RngKey key = step.key;
  key.client = std::numeric_limits<std::uint32_t>::max();

  const Tensor<float> student(step.stream, step.global.shape);
  ops::axpby(step.stream, 1, step.global, 0, student);
  Predictions after;
  step.sum.run([&] {
    distil(step.workers, step.network, data, labels, order, options.distil, key, student);
    Predictor(step.stream, step.network).run(step.stream, student, data, false, after);
  });
  step.figures[0].value = label_accuracy(before, data.labels());
  step.figures[1].value = label_accuracy(taught, data.labels());
  step.figures[2].value = label_accuracy(after.logits, data.labels());
  if (options.feed_back) ops::axpby(step.stream, 1, student, 0, step.global);
}

}  // namespace fedscape
