#include "fedscape/algo/federated/fedphp.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "fedscape/base/suggest.hpp"
#include "fedscape/ops/feature_loss.hpp"
#include "fedscape/ops/loss.hpp"
#include "fedscape/ops/reduce.hpp"

namespace fedscape {

namespace {

constexpr std::array<std::string_view, 2> kTransfers = {"kd", "mmd"};
constexpr double kTeacherTemperature = 4, kLargestMomentum = 0.9;

/// What a client remembers: its private model, then how often it took part.
View<float> private_model(const ClientBlock& block, std::int64_t m) {
  const std::int64_t each = block.memory.shape[1];
  return {block.memory.data + m * each, {1, each - 1}};
}

View<float> rounds_before(const ClientBlock& block, std::int64_t m) {
  const std::int64_t each = block.memory.shape[1];
  return {block.memory.data + (m + 1) * each - 1, {1}};
}

std::int64_t count(Stream& stream, View<const float> stored) {
  float value = 0;
  copy_to_host(stream, &value, stored.data, sizeof(value));
  return std::llrint(value);
}

}  // namespace

void FedPhp::options(Fields& f) {
  f.field("lambda", lambda, "share of what the private model teaches in the loss, in [0,1]");
  f.field("transfer", transfer, "how the private model teaches: kd (its logits) or mmd (its features)");
}

void FedPhp::check(const OptimizerOptions&) const {
  FEDSCAPE_CHECK(lambda >= 0 && lambda <= 1, "lambda is {}; it must be in [0,1]", lambda);
  check_choice("transfer", transfer, kTransfers);
}

FederatedAlgorithm::Footprint FedPhp::footprint(const Problem& problem) const {
  const std::int64_t p = problem.layout.size();
  return {.client = p + 1, .server = p, .upload = p, .personal = true, .own_samples = recalibrates()};
}

void FedPhp::initial_memory(Stream& stream, View<const float> global, View<float> server) const {
  ops::axpby(stream, 1, global, 0, server);
}

Stage FedPhp::taught(Stage stage) const {
  stage.features = lambda != 0 && transfer == "mmd";
  stage.others = lambda != 0;
  return stage;
}

std::vector<Stage> FedPhp::stages() const { return {taught({})}; }

void FedPhp::other(const BlockStart& start, int, View<float> params) const {
  for (std::int64_t m = 0; m < params.shape[0]; ++m) {
    const bool first = count(start.stream, rounds_before(start.block, m)) == 0;
    const View<const float> teacher = first ? start.server_memory : View<const float>(private_model(start.block, m));
    ops::axpby(start.stream, 1, teacher, 0, params.rows(m, m + 1));
  }
}

void FedPhp::loss(const LocalStep& step, const Outputs& out, OutputGrads& grads, View<float> loss) const {
  FederatedAlgorithm::loss(step, out, grads, loss);
  if (lambda == 0) return;
  const float rest = static_cast<float>(1 - lambda);
  ops::axpby(step.stream, 0, loss, rest, loss);
  ops::axpby(step.stream, 0, grads.logits, rest, grads.logits);
  if (transfer == "mmd") {
    ops::mean_discrepancy(step.stream, step.batch, lambda, out.features, step.others[0].features, loss, grads.features);
    return;
  }
  const Tensor<float> taught(step.stream, out.logits.shape);
  ops::softmax(step.stream, step.batch, kTeacherTemperature, step.others[0].logits, taught);
  ops::soft_cross_entropy(step.stream, step.batch, lambda, out.logits, taught, loss, grads.logits);
}

double FedPhp::momentum(std::int64_t before, double participations) {
  // A product such as 0.2 * 150 may fall short of its whole number by rounding.
  const double expected = std::max(std::floor(participations + 1e-9), 1.0);
  return std::min(kLargestMomentum, kLargestMomentum * static_cast<double>(before) / expected);
}

void FedPhp::keep(const LocalResult& result, View<float> params) const {
  std::vector<std::int64_t> before;
  for (std::int64_t m = 0; m < params.shape[0]; ++m) {
    before.push_back(count(result.stream, rounds_before(result.block, m)));
    const double mu = momentum(before.back(), result.cohort.participations);
    ops::axpby(result.stream, static_cast<float>(mu), private_model(result.block, m), static_cast<float>(1 - mu),
               params.rows(m, m + 1));
  }
  if (recalibrates()) result.own->recalibrate(result.stream, params);
  for (std::int64_t m = 0; m < params.shape[0]; ++m) {
    ops::axpby(result.stream, 1, params.rows(m, m + 1), 0, private_model(result.block, m));
    ops::fill(result.stream, static_cast<float>(before[static_cast<std::size_t>(m)] + 1),
              rounds_before(result.block, m));
  }
}

void FedPhp::personal(const BlockStart& start, View<float> params) const {
  for (std::int64_t m = 0; m < params.shape[0]; ++m)
    if (count(start.stream, rounds_before(start.block, m)) > 0)
      ops::axpby(start.stream, 1, private_model(start.block, m), 0, params.rows(m, m + 1));
}

}  // namespace fedscape
