#include "fedscape/algo/federated/fedavg_sf.hpp"

#include <cmath>
#include <vector>

#include "fedscape/algo/alignment/shuffle.hpp"
#include "fedscape/nn/neuron_mover.hpp"

namespace fedscape {

namespace {

struct Shuffler : Workspace {
  explicit Shuffler(const Network& network)
      : neurons(network),
        mover(neurons),
        from(static_cast<std::size_t>(neurons.size())),
        before(static_cast<std::size_t>(network.layout().size())),
        after(before.size()) {}

  /// The neurons of `row` take the places that `from` says.
  void move(Stream& stream, float* row) {
    copy_to_host(stream, before.data(), row, before.size() * sizeof(float));
    mover.permute(from, before, after);
    copy_to_device(stream, row, after.data(), after.size() * sizeof(float));
  }

  Neurons neurons;
  NeuronMover mover;
  std::vector<int> from;
  std::vector<float> before, after;
};

bool is_share(double x) { return x >= 0 && x <= 1; }

}  // namespace

void FedAvgSf::options(Fields& f) {
  f.field("chance", chance, "fedavg-sf: expected shuffles of a client's neurons in a round; 0: none");
  f.field("ratio", ratio, "fedavg-sf: how far neurons move, a fraction of their layer");
  f.field("probability", probability, "fedavg-sf: how likely each neuron moves");
}

void FedAvgSf::check(const OptimizerOptions&) const {
  FEDSCAPE_CHECK(chance >= 0 && std::isfinite(chance), "chance of fedavg-sf is {}; it must be 0 or more", chance);
  FEDSCAPE_CHECK(is_share(ratio), "ratio of fedavg-sf is {}; it must be in [0,1]", ratio);
  FEDSCAPE_CHECK(is_share(probability), "probability of fedavg-sf is {}; it must be in [0,1]", probability);
}

std::unique_ptr<Workspace> FedAvgSf::workspace(const Network& network) const {
  return std::make_unique<Shuffler>(network);
}

void FedAvgSf::after_step(const LocalStep& step, View<float> params) const {
  Shuffler& shuffler = static_cast<Shuffler&>(*step.workspace);
  const std::int64_t size = params.shape[1], models = step.moments.shape[1];
  for (std::int64_t m = 0; m < params.shape[0]; ++m) {
    RngKey key = step.keys[static_cast<std::size_t>(m)];
    key.purpose = Purpose::shuffled_training;
    Draws draws(key);
    const double steps = static_cast<double>(step.block.steps[static_cast<std::size_t>(m)]);
    if (key.round == 0 || draws.uniform() >= chance / steps) continue;
    partial_shuffle(shuffler.neurons, ratio, probability, draws, shuffler.from);
    shuffler.move(step.stream, params.data + m * size);
    for (std::int64_t n = 0; n < step.moments.shape[0]; ++n)
      shuffler.move(step.stream, step.moments.data + (n * models + m) * size);
  }
}

}  // namespace fedscape
