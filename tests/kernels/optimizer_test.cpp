#include "kernels/cuda/optimizer.hpp"

#include "tests/kernels/bodies.hpp"

namespace fedscape {
namespace {

constexpr std::int64_t kParams = 5000, kFirst = 7,
                       kLength = 4500;  // a run inside each row, longer than a chunk of sums

class OptimizerOnGrid : public testing::Test {
 protected:
  static Slot<float> run_of(std::vector<float>& rows) { return {rows.data() + kFirst, kParams}; }

  Stream stream;
  std::vector<float> grads = test::random_floats(test::kModels * kParams, 1);
  std::vector<float> start = test::random_floats(test::kModels * kParams, 2, 0, 1);
  Slot<const float> gradients{grads.data() + kFirst, kParams};
};

TEST_F(OptimizerOnGrid, SgdHasTheSameBits) {
  for (const ops::Sgd& rates : {ops::Sgd{.lr = 0.1f, .momentum = 0.9f, .weight_decay = 0.01f},
                                {.lr = 0.1f, .momentum = 0.9f, .nesterov = true, .first = true}})
    for (const bool momentum : {false, true})
      FEDSCAPE_BODIES(stream, sgd).expect_same([&](auto body) {
        ops::Sgd own = rates;
        own.first = own.first && momentum;
        std::vector<float> params = start, velocity = start;
        body(own, test::kModels - 1, kLength, gradients, run_of(params), momentum ? run_of(velocity) : Slot<float>());
        return test::joined(params, velocity);
      });
}

TEST_F(OptimizerOnGrid, AdamHasTheSameBits) {
  const ops::AdamRates rates{0.9f, 0.99f, 1e-6f, 0.01f, 0.999f, 0.1f, 0.7f};
  FEDSCAPE_BODIES(stream, adam).expect_same([&](auto body) {
    std::vector<float> params = start, first = start, second = start;
    body(rates, test::kModels - 1, kLength, gradients, run_of(params), run_of(first), run_of(second));
    return test::joined(test::joined(params, first), second);
  });
}

TEST_F(OptimizerOnGrid, NormsOfRowsAgree) {
  constexpr double kRoundings = 1e-6;  // a factor from sums in double of another order
  for (const float most : {1.0f, 1e6f})
    FEDSCAPE_BODIES(stream, clip_rows)
        .expect_same(
            [&](auto body) {
              std::vector<float> rows = grads;
              body(most, test::kModels, rows.data(), kParams);
              return rows;
            },
            kRoundings);
  FEDSCAPE_BODIES(stream, ascend_rows)
      .expect_same(
          [&](auto body) {
            std::vector<float> point = start;
            body(0.3f, test::kModels, grads.data(), point.data(), kParams);
            return point;
          },
          kRoundings);
}

}  // namespace
}  // namespace fedscape
