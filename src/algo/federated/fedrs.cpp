#include "fedscape/algo/federated/fedrs.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "fedscape/base/suggest.hpp"
#include "fedscape/ops/loss.hpp"

namespace fedscape {

namespace {

constexpr std::array<std::string_view, 2> kMasks = {"binary", "soft"};

}  // namespace

void FedRs::options(Fields& f) {
  f.field("alpha", alpha, "FedRS: scale of the logits of classes a client does not hold, in [0,1]; 1: FedAvg");
  f.field("mask", mask, "FedRS: binary, or soft (by the classes' shares)");
  f.field("min_samples", min_samples, "FedRS: samples from which on a client holds a class (binary)");
}

void FedRs::check(const OptimizerOptions&) const {
  FEDSCAPE_CHECK(alpha >= 0 && alpha <= 1, "alpha of FedRS is {}; it must be in [0,1]", alpha);
  FEDSCAPE_CHECK(min_samples >= 1, "min_samples of FedRS is {}; it must be at least 1", min_samples);
  check_choice("mask", mask, kMasks);
}

FederatedAlgorithm::Footprint FedRs::footprint(const Problem& problem) const {
  return {.upload = problem.layout.size(), .terms = problem.classes};
}

void FedRs::terms(std::span<const float> label_counts, std::span<float> scale) const {
  const auto weak = static_cast<float>(alpha), least = static_cast<float>(min_samples);
  const float most = *std::max_element(label_counts.begin(), label_counts.end());
  for (std::size_t c = 0; c < scale.size(); ++c)
    scale[c] = mask == "soft" ? weak + (1 - weak) * (label_counts[c] / most) : (label_counts[c] >= least ? 1 : weak);
}

void FedRs::loss(const LocalStep& step, const Outputs& out, OutputGrads& grads, View<float> loss) const {
  ops::adjusted_cross_entropy(step.stream, step.batch, out.logits, step.labels, step.block.terms, {}, loss,
                              grads.logits);
}

}  // namespace fedscape
