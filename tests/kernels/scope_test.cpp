#include "kernels/cuda/scope.hpp"

#include "tests/kernels/bodies.hpp"

namespace fedscape {
namespace {

constexpr std::int64_t kParams = 5000, kFirst = 7,
                       kLength = 4500;  // a layer inside each row, longer than a chunk of sums
constexpr double kRoundings = 1e-5;     // 1 / variance, from sums in double of another order

class ScopeOnGrid : public testing::Test {
 protected:
  Stream stream;
  std::vector<float> weights = test::random_floats(test::kModels * kParams, 1, 2, 4);
  Slot<const float> w{weights.data() + kFirst, kParams};
};

TEST_F(ScopeOnGrid, TermsAndFusionsAgree) {
  for (const auto fusion : {ops::ScopeFusion::mean, ops::ScopeFusion::mixture, ops::ScopeFusion::precision}) {
    std::vector<float> terms;
    FEDSCAPE_BODIES(stream, scope_terms)
        .expect_same(
            [&](auto body) {
              terms.assign(test::kModels * 6, 7);
              body(fusion, kLength, w, Slot<float>{terms.data() + 2, 6}, test::kModels);
              return terms;
            },
            kRoundings);
    FEDSCAPE_BODIES(stream, fused_scopes).expect_same([&](auto body) {
      std::vector<float> scopes(4);
      body(fusion, terms.data() + 2, scopes.data(), std::int64_t{1});
      return scopes;
    });
  }
}

TEST_F(ScopeOnGrid, AlignmentAgrees) {
  for (const auto direction : {ops::ScopeDivergence::current_target, ops::ScopeDivergence::target_current})
    for (const std::vector<float>& target : {std::vector<float>{2.5f, 0.7f}, {2.5f, 0}})  // 0: none yet
      FEDSCAPE_BODIES(stream, align_scope)
          .expect_same(
              [&](auto body) {
                std::vector<float> loss(test::kModels, 0.5f), grads(weights.size(), 0.25f);
                body(direction, 0.3, kLength, w, target.data(), loss.data(),
                     Slot<float>{grads.data() + kFirst, kParams}, test::kModels);
                return test::joined(loss, grads);
              },
              kRoundings);
}

}  // namespace
}  // namespace fedscape
