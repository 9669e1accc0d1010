#include "kernels/cuda/batch_norm.hpp"
#include "kernels/cuda/group_norm.hpp"
#include "tests/kernels/bodies.hpp"
#include "tests/kernels/expect_on_grid.hpp"

namespace fedscape {
namespace {

using test::rows_for;
using test::rows_for_out;

constexpr float kEps = 1e-5f;

/// Few and many rows and channels; more channels than a block has threads; more rows than a chunk.
const std::vector<cases::NormSize> kSizes = {{3, 4, 49, 16}, {2, 3, 1, 12},  {2, 9, 64, 45},  {1, 2, 200, 8},
                                             {4, 2, 3, 300}, {2, 3, 5, 512}, {3, 2, 9000, 1}, {2, 5, 150, 66}};

TEST(NormOnGrid, BatchNormForwardIsRight) {
  for (const cases::NormSize& size : kSizes)
    test::expect_on_grid(cases::batch_norm(size)[0], [&](auto& grid, const Batch& b, Inputs in, Outputs out) {
      kernels::on_grid::batch_norm_forward(
          grid, b, size.positions, size.channels, kEps, rows_for(b, in[0]), slot(in[1], cases::kNormScale),
          slot(in[1], cases::kNormScale + size.channels), rows_for_out(out[0]), rows_for_out(out[1]));
    });
}

TEST(NormOnGrid, BatchNormBackwardIsRight) {
  for (const cases::NormSize& size : kSizes)
    test::expect_on_grid(cases::batch_norm(size)[1], [&](auto& grid, const Batch& b, Inputs in, Outputs out) {
      kernels::on_grid::batch_norm_backward(grid, b, size.positions, size.channels, rows_for(b, in[0]),
                                            rows_for(b, in[1]), slot(in[2], cases::kNormScale), rows_for(b, in[3]),
                                            rows_for_out(out[0]), rows_for_out(out[1]), rows_for_out(out[2]));
    });
}

TEST(NormOnGrid, BatchNormApplyIsRight) {
  for (const cases::NormSize& size : kSizes)
    test::expect_on_grid(cases::batch_norm(size)[2], [&](auto& grid, const Batch& b, Inputs in, Outputs out) {
      const auto part = [&](int i) { return slot(in[1], cases::kNormScale + i * size.channels); };
      kernels::on_grid::batch_norm_apply(grid, b, size.positions, size.channels, kEps, rows_for(b, in[0]), part(2),
                                         part(3), part(0), part(1), rows_for_out(out[0]));
    });
}

TEST(NormOnGrid, BatchNormUpdateIsRight) {
  for (const cases::NormSize& size : kSizes)
    test::expect_on_grid(cases::batch_norm(size)[3], [&](auto& grid, const Batch& b, Inputs in, Outputs out) {
      const float momentum[] = {0.1f};
      copy_on_device(grid.stream(), out[0].data, in[1].data, static_cast<std::size_t>(in[1].size()) * sizeof(float));
      kernels::on_grid::batch_norm_update(grid, b, size.positions, size.channels, momentum, rows_for(b, in[0]),
                                          slot(out[0], 0), slot(out[0], size.channels));
    });
}

std::vector<int> groups_of(const cases::NormSize& size) {
  std::vector<int> groups = {1, size.channels};
  for (const int g : {2, 3, 4, 5})
    if (size.channels % g == 0) groups.push_back(g);
  return groups;
}

TEST(NormOnGrid, GroupNormForwardIsRight) {
  for (const cases::NormSize& size : kSizes)
    for (const int groups : groups_of(size)) {
      if (size.positions * size.channels / groups == 1) continue;  // the variance of one number
      test::expect_on_grid(cases::group_norm(size, groups)[0], [&](auto& grid, const Batch& b, Inputs in, Outputs out) {
        kernels::on_grid::group_norm_forward(
            grid, b, size.positions, size.channels, groups, kEps, rows_for(b, in[0]), slot(in[1], cases::kNormScale),
            slot(in[1], cases::kNormScale + size.channels), rows_for_out(out[0]), rows_for_out(out[1]));
      });
    }
}

TEST(NormOnGrid, GroupNormBackwardIsRight) {
  for (const cases::NormSize& size : kSizes)
    for (const int groups : groups_of(size)) {
      if (size.positions * size.channels / groups == 1) continue;
      test::expect_on_grid(cases::group_norm(size, groups)[1], [&](auto& grid, const Batch& b, Inputs in, Outputs out) {
        kernels::on_grid::group_norm_backward(grid, b, size.positions, size.channels, groups, rows_for(b, in[0]),
                                              rows_for(b, in[1]), slot(in[2], cases::kNormScale), rows_for(b, in[3]),
                                              rows_for_out(out[0]), rows_for_out(out[1]), rows_for_out(out[2]));
      });
    }
}

/// Models without samples, absent parameters, one input for all models, gradients that nobody wants.
TEST(NormOnGrid, BodiesAgreeWhereThingsAreAbsent) {
  Stream stream;
  constexpr int B = 4, positions = 6, C = 10, groups = 5, sample = positions * C;
  const std::vector<int> counts = cases::ragged(test::kModels, B);
  const Batch batch{test::kModels, B, counts};
  const std::vector<float> x = test::random_floats(test::kModels * B * sample, 1, 3, 5), dy = x;
  const std::vector<float> start(x.size(), 7);
  const Slot<const float> own{x.data(), B * sample}, shared{x.data(), 0}, none;
  const auto forward = [&](auto body, const Slot<const float>& from, std::int64_t moments_of_model, auto... extent) {
    std::vector<float> y = start, moments(static_cast<std::size_t>(test::kModels * moments_of_model), 7);
    body(batch, std::int64_t{positions}, C, extent..., kEps, from, none, none, Slot<float>{y.data(), B * sample},
         Slot<float>{moments.data(), moments_of_model});
    return test::joined(y, moments);
  };
  const auto backward = [&](auto body, std::int64_t moments_of_model, auto... extent) {
    std::vector<float> dx = start;
    const std::vector<float> moments = test::random_floats(test::kModels * moments_of_model, 2, 0.9f, 1.1f);
    body(batch, std::int64_t{positions}, C, extent..., own, Slot<const float>{moments.data(), moments_of_model}, none,
         Slot<const float>{dy.data(), B * sample}, Slot<float>{dx.data(), B * sample}, Slot<float>(), Slot<float>());
    return dx;
  };
  constexpr double kSums = 2e-5;  // of 24 numbers near 4 with a deviation near 1/2, in floats
  FEDSCAPE_BODIES(stream, batch_norm_forward).expect_same([&](auto body) { return forward(body, own, 3 * C); }, kSums);
  FEDSCAPE_BODIES(stream, batch_norm_backward).expect_same([&](auto body) { return backward(body, 3 * C); }, kSums);
  for (const Slot<const float>& from : {own, shared})
    FEDSCAPE_BODIES(stream, group_norm_forward)
        .expect_same([&](auto body) { return forward(body, from, B * groups * 2, groups); }, kSums);
  FEDSCAPE_BODIES(stream, group_norm_backward)
      .expect_same([&](auto body) { return backward(body, B * groups * 2, groups); }, 1e-4);
}

TEST(NormOnGrid, KeepsItsDigitsFarFromZero) {
  Stream stream;
  std::vector<float> x(4 * 256), y(x.size()), moments(3);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = 4096 + static_cast<float>(i % 2);  // variance 1/4, exactly
  const std::vector<int> counts = {4};
  kernels::on_grid::batch_norm_forward(test::HostGrid(stream), Batch{1, 4, counts}, 256, 1, 0, {x.data(), 0}, {}, {},
                                       {y.data(), 0}, {moments.data(), 0});
  EXPECT_EQ(moments, (std::vector<float>{4096.5f, 0.25f, 2}));
  EXPECT_EQ(y[1], 1);
}

TEST(NormOnGrid, AModelsBitsDoNotDependOnTheSizeOfItsBatch) {
  Stream stream;
  constexpr int C = 6, positions = 700;
  const std::vector<float> x = test::random_floats(9 * positions * C, 3);
  const auto moments_in = [&](int size) {
    std::vector<float> y(static_cast<std::size_t>(size * positions * C)), moments(3 * C);
    const std::vector<int> counts = {5};
    kernels::on_grid::batch_norm_forward(test::HostGrid(stream), Batch{1, size, counts}, positions, C, kEps,
                                         {x.data(), 0}, {}, {}, {y.data(), 0}, {moments.data(), 0});
    return moments;
  };
  EXPECT_TRUE(test::same_bits(moments_in(5), moments_in(9)));
}

TEST(NormOnGrid, GradientMayOverwriteTheIncomingOne) {
  Stream stream;
  constexpr int B = 3, positions = 5, C = 4, n = B * positions * C;
  const std::vector<int> counts = {B};
  const Batch batch{1, B, counts};
  const std::vector<float> x = test::random_floats(n, 1), moments = test::random_floats(3 * C, 2, 1, 2);
  std::vector<float> dy = test::random_floats(n, 3), dx(n);
  const auto run = [&](float* to) {
    kernels::on_grid::batch_norm_backward(test::HostGrid(stream), batch, positions, C, {x.data(), 0},
                                          {moments.data(), 0}, {}, {dy.data(), 0}, {to, 0}, {}, {});
  };
  run(dx.data());
  run(dy.data());
  EXPECT_EQ(dx, dy);
}

}  // namespace
}  // namespace fedscape
