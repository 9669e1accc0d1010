#pragma once

#include "fedscape/ops/conv.hpp"
#include "fedscape/ops/pool.hpp"
#include "tests/support/op_case.hpp"

/// Cases of the ops with oracles: naive loops in double. M > 1 makes ragged batches: model m has counts that differ.
namespace fedscape::cases {

struct LinearSize {
  int models, batch, in, out;
};
std::vector<OpCase> linear(const LinearSize& size);
/// Small ones of all kinds.
std::vector<LinearSize> linear_sizes();

/// forward, backward_data, backward_weights.
std::vector<OpCase> conv(const std::string& name, const ops::ConvShape& shape, int models, int batch);
/// forward_packed without and with a residual.
std::vector<OpCase> packed_conv(const std::string& name, const ops::ConvShape& shape, int models, int batch,
                                Precision precision);

std::vector<OpCase> max_pool(const ops::PoolShape& shape, int models, int batch);
std::vector<OpCase> average_pool(const ops::PoolShape& shape, int models, int batch);
std::vector<OpCase> adaptive_pool(const Shape& in, int out_height, int out_width, int models, int batch);

struct NormSize {
  int models, batch, positions, channels;
};
/// Where scale begins in a model's row of parameters; shift follows, and for apply mean and variance.
inline constexpr std::int64_t kNormScale = 1;
/// batch_norm: forward, backward, apply, update; group_norm: forward, backward.
std::vector<OpCase> batch_norm(const NormSize& size);
std::vector<OpCase> group_norm(const NormSize& size, int groups);

/// counts of a ragged batch: full, then fewer, the third empty.
std::vector<int> ragged(int models, int batch);
/// The shapes of the networks that fedscape trains, by name.
std::vector<std::pair<std::string, ops::ConvShape>> network_convs();

}  // namespace fedscape::cases
