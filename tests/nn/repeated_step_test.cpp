#include "fedscape/device/repetitions.hpp"
#include "fedscape/nn/layers.hpp"
#include "fedscape/nn/network.hpp"
#include "fedscape/ops/reduce.hpp"
#include "fedscape/tensor/mirrored.hpp"
#include "tests/support/devices.hpp"
#include "tests/support/gradcheck.hpp"

namespace fedscape {
namespace {

constexpr int kModels = 2, kBatch = 4, kSteps = 5;

Network normalised() {
  Network n({6, 6, 2});
  const int norm = n.add("bn", batch_norm(), {n.add("conv", conv(square(4, 3, 1, 1)), {0})});
  n.add("linear", linear(3), {n.add("flatten", flatten(), {n.add("relu", relu(), {norm})})});
  n.finish();
  return n;
}

/// Steps of gradient descent with moving statistics, put together or each by itself; counts how often a whole one was
/// launched.
class RepeatedStep : public test::OnDevice {
 protected:
  std::vector<float> params_after(bool repeated) {
    const std::int64_t size = network.layout().size();
    const Tensor<float> params = device(test::sensible_params(network, kModels), {kModels, size}),
                        grads(stream, {kModels, size});
    const Shape batch = network.sample().under(kBatch).under(1);
    const Tensor<float> x = device(test::normal_values(batch.size(), 2), batch);
    Tape tape(stream, network, kModels, kBatch);
    EvenCounts counts(stream, kModels);
    const std::vector<RngKey> keys(kModels);
    const Pass pass{{kModels, kBatch, counts.of(stream, kModels, kBatch)}, keys, Mode::train};
    const auto step = [&] {
      tape.forward(stream, pass, params, x);
      ops::fill(stream, 0.01f, tape.output_grads(stream, pass).logits);
      tape.backward(stream, pass, params, grads);
      tape.update_statistics(stream, pass, params);
      ops::axpby(stream, -0.1f, grads, 1, params);
    };
    Repetitions repetitions;
    for (int i = 0; i < kSteps; ++i)
      if (repeated)
        repetitions.run(stream, {}, step);
      else
        step();
    launches = repetitions.launches();
    return host(params);
  }

  const Network network = normalised();
  std::int64_t launches = 0;
};

TEST_P(RepeatedStep, ThroughBatchNormsIsPutTogether) {
  const std::vector<float> alone = params_after(false);
  EXPECT_EQ(params_after(true), alone);
  EXPECT_EQ(launches, GetParam().kind == DeviceKind::cuda ? kSteps - 1 : 0);
}

FEDSCAPE_ON_DEVICES(RepeatedStep);

}  // namespace
}  // namespace fedscape
