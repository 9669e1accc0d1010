#include "kernels/cuda/server_step.hpp"

#include "tests/kernels/bodies.hpp"

namespace fedscape {
namespace {

TEST(ServerStepOnGrid, EveryKindHasTheSameBits) {
  Stream stream;
  constexpr std::int64_t n = 500;
  using Kind = ops::ServerStep::Kind;
  const std::vector<float> d = test::random_floats(n, 1), start = test::random_floats(n, 2, 0, 0.5f);
  for (const Kind kind : {Kind::momentum, Kind::adagrad, Kind::adam, Kind::yogi})
    FEDSCAPE_BODIES(stream, server_step).expect_same([&](auto body) {
      std::vector<float> m = start, v = start, x = start;
      float* const squares = kind == Kind::momentum ? nullptr : v.data();
      body(ops::ServerStep{kind, 0.3f, 0.9f, 0.99f, 1e-3f}, d.data(), m.data(), squares, x.data(), n);
      return test::joined(test::joined(m, v), x);
    });
}

}  // namespace
}  // namespace fedscape
