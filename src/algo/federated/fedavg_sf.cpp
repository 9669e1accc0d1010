#include "fedscape/algo/federated/fedavg_sf.hpp"

#include <vector>

#include "fedscape/algo/alignment/shuffle.hpp"

namespace fedscape {

namespace {

void permute_row(Stream& stream, const Neurons& neurons, std::span<const int> from, float* row, std::int64_t size) {
  const std::vector<float> before = to_host(stream, View<float>(row, {size}));
  std::vector<float> after(before.size());
  neurons.permute(from, before, after);
  copy_to_device(stream, row, after.data(), after.size() * sizeof(float));
}

}  // namespace

void FedAvgSf::options(Fields& f) {
  f.field("chance", chance, "fedavg-sf: expected shuffles of a client's neurons in a round; 0: none");
  f.field("ratio", ratio, "fedavg-sf: how far neurons move, a fraction of their layer");
  f.field("probability", probability, "fedavg-sf: how likely each neuron moves");
}

void FedAvgSf::after_step(const LocalStep& step, std::span<const RngKey> keys, View<float> params,
                          View<float> moments) const {
  FEDSCAPE_CHECK(
      chance >= 0 && ratio >= 0 && ratio <= 1 && probability >= 0 && probability <= 1,
      "fedavg-sf: chance = {}, ratio = {}, probability = {}; 0 or more, and two numbers in [0,1] are possible", chance,
      ratio, probability);
  const std::int64_t size = params.shape[1];
  for (std::size_t m = 0; m < keys.size(); ++m) {
    RngKey key = keys[m];
    key.purpose = Purpose::shuffled_training;
    Draws draws(key);
    if (key.round == 0 || draws.uniform() >= chance / static_cast<double>(step.block.steps[m])) continue;
    const Neurons neurons(step.network);
    const std::vector<int> from = partial_shuffle(neurons, ratio, probability, draws);
    const std::int64_t row = static_cast<std::int64_t>(m);
    permute_row(step.stream, neurons, from, params.data + row * size, size);
    for (std::int64_t n = 0; n < moments.shape[0]; ++n)
      permute_row(step.stream, neurons, from, moments.data + (n * moments.shape[1] + row) * size, size);
  }
}

}  // namespace fedscape
