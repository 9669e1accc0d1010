#include "kernels/norm.hpp"

#include "fedscape/device/team.hpp"
#include "fedscape/tensor/tensor.hpp"
#include "kernels/cpu/channel_moments.hpp"
#include "kernels/cpu/channel_sums.hpp"

namespace fedscape::kernels {

namespace {

/// y = (x - mean) * factor + shift, each per channel.
void normalise(std::int64_t rows, int C, const float* x, const float* mean, const float* factor, const float* shift,
               float* y) {
  for_each_chunk(rows, [&](std::int64_t begin, std::int64_t end) {
    for_each_tile(C, [&](auto tile, int c) {
      using V = decltype(tile);
      const V centre = load<V>(mean + c), by = load<V>(factor + c), to = load<V>(shift + c);
      for (std::int64_t at = begin * C + c; at < end * C; at += C)
        store<V>(y + at, (load<V>(x + at) - centre) * by + to);
    });
  });
}

/// dx = factor * dy - offset - (x - mean) * slope, each per channel.
void denormalise(std::int64_t rows, int C, const float* x, const float* dy, const float* mean, const float* factor,
                 const float* offset, const float* slope, float* dx) {
  for_each_chunk(rows, [&](std::int64_t begin, std::int64_t end) {
    for_each_tile(C, [&](auto tile, int c) {
      using V = decltype(tile);
      const V centre = load<V>(mean + c), by = load<V>(factor + c), less = load<V>(offset + c);
      const V tilt = load<V>(slope + c);
      for (std::int64_t at = begin * C + c; at < end * C; at += C)
        store<V>(dx + at, by * load<V>(dy + at) - less - (load<V>(x + at) - centre) * tilt);
    });
  });
}

void store_row(int C, const double* from, float* to) {
  for (int c = 0; to && c < C; ++c) to[c] = static_cast<float>(from[c]);
}

/// A row of C per-channel values of scratch memory, zeroed.
template <class T>
Tensor<T> channel_row(Stream& stream, int C) {
  Tensor<T> row(stream, {C});
  std::fill_n(row.data(), C, T{0});
  return row;
}

/// moments [groups,2] of one sample from the means and squared distances of its channels.
void group_moments(std::int64_t positions, int C, int groups, float eps, const double* means, const double* squares,
                   float* moments) {
  const int width = C / groups;
  for (int g = 0; g < groups; ++g) {
    double centre = 0, variance = 0;
    for (int c = g * width; c < (g + 1) * width; ++c) centre += means[c] / width;
    for (int c = g * width; c < (g + 1) * width; ++c) {
      const double off = means[c] - centre;
      variance += (squares[c] / static_cast<double>(positions) + off * off) / width;
    }
    moments[2 * g] = static_cast<float>(centre);
    moments[2 * g + 1] = inverse_deviation(variance, eps);
  }
}

/// The gradients of one sample; scale_sum and shift_sum [C] are added to.
void group_norm_sample_backward(Stream& stream, std::int64_t positions, int C, int groups, const float* x,
                                const float* moments, const float* scale, const float* dy, float* dx, double* scale_sum,
                                double* shift_sum) {
  const ArenaScope scope(stream);
  const Tensor<float> mean(stream, {C}), inverse(stream, {C}), factor(stream, {C}), offset(stream, {C}),
      slope(stream, {C});
  const Tensor<double> by_one = channel_row<double>(stream, C), by_x = channel_row<double>(stream, C);
  const int width = C / groups;
  const double n = static_cast<double>(positions * width);
  for (int c = 0; c < C; ++c) {
    mean.data()[c] = moments[c / width * 2];
    inverse.data()[c] = moments[c / width * 2 + 1];
  }
  gradient_sums(positions, C, x, dy, mean.data(), inverse.data(), by_one.data(), by_x.data());
  for (int g = 0; g < groups; ++g) {
    double one = 0, xs = 0;
    for (int c = g * width; c < (g + 1) * width; ++c) {
      one += by_one.data()[c] * or_one(scale, c);
      xs += by_x.data()[c] * or_one(scale, c);
    }
    const NormGradient gradient = group_norm_gradient(moments[2 * g + 1], one, xs, n);
    for (int c = g * width; c < (g + 1) * width; ++c) {
      factor.data()[c] = gradient.factor * or_one(scale, c);
      offset.data()[c] = gradient.offset;
      slope.data()[c] = gradient.slope;
    }
  }
  denormalise(positions, C, x, dy, mean.data(), factor.data(), offset.data(), slope.data(), dx);
  for (int c = 0; c < C; ++c) {
    scale_sum[c] += by_x.data()[c];
    shift_sum[c] += by_one.data()[c];
  }
}

}  // namespace

void batch_norm_forward(Cpu, Stream& stream, const Batch& batch, std::int64_t positions, int C, float eps,
                        Slot<const float> x, Slot<const float> scale, Slot<const float> shift, Slot<float> y,
                        Slot<float> moments) {
  const ArenaScope scope(stream);
  const Tensor<double> mean(stream, {C}), squares(stream, {C});
  const Tensor<float> factor(stream, {C}), offset(stream, {C});
  for (int m = 0; m < batch.models; ++m) {
    const std::int64_t rows = batch.count(m) * positions;
    channel_moments(stream, Pieces(rows, positions), C, x.row(m), mean.data(), squares.data());
    float* const row = moments.row(m);
    for (int c = 0; c < C; ++c) {
      const double variance = rows ? squares.data()[c] / static_cast<double>(rows) : 0;
      row[c] = static_cast<float>(mean.data()[c]);
      row[C + c] = static_cast<float>(variance);
      row[2 * C + c] = inverse_deviation(variance, eps);
      factor.data()[c] = row[2 * C + c] * or_one(scale.row(m), c);
      offset.data()[c] = or_zero(shift.row(m), c);
    }
    share_range(stream, rows, kLeastElements / C + 1, [&](Stream&, std::int64_t begin, std::int64_t end) {
      normalise(end - begin, C, x.row(m) + begin * C, row, factor.data(), offset.data(), y.row(m) + begin * C);
    });
  }
}

void batch_norm_backward(Cpu, Stream& stream, const Batch& batch, std::int64_t positions, int C, Slot<const float> x,
                         Slot<const float> moments, Slot<const float> scale, Slot<const float> dy, Slot<float> dx,
                         Slot<float> dscale, Slot<float> dshift) {
  const ArenaScope scope(stream);
  const Tensor<float> factor(stream, {C}), offset(stream, {C}), slope(stream, {C});
  for (int m = 0; m < batch.models; ++m) {
    const ArenaScope inner(stream);
    const Tensor<double> by_one = channel_row<double>(stream, C), by_x = channel_row<double>(stream, C);
    const std::int64_t rows = batch.count(m) * positions;
    const float *const mean = moments.row(m), *const inverse = mean + 2 * C;
    gradient_sums(stream, Pieces(rows, positions), C, x.row(m), dy.row(m), mean, inverse, by_one.data(), by_x.data());
    for (int c = 0; c < C; ++c) {
      const NormGradient gradient = batch_norm_gradient(inverse[c], or_one(scale.row(m), c), by_one.data()[c],
                                                        by_x.data()[c], static_cast<double>(rows));
      factor.data()[c] = gradient.factor;
      offset.data()[c] = gradient.offset;
      slope.data()[c] = gradient.slope;
    }
    share_range(stream, rows, kLeastElements / C + 1, [&](Stream&, std::int64_t begin, std::int64_t end) {
      const std::int64_t at = begin * C;
      denormalise(end - begin, C, x.row(m) + at, dy.row(m) + at, mean, factor.data(), offset.data(), slope.data(),
                  dx.row(m) + at);
    });
    store_row(C, by_x.data(), dscale.row(m));
    store_row(C, by_one.data(), dshift.row(m));
  }
}

void batch_norm_apply(Cpu, Stream& stream, const Batch& batch, std::int64_t positions, int C, float eps,
                      Slot<const float> x, Slot<const float> mean, Slot<const float> variance, Slot<const float> scale,
                      Slot<const float> shift, Slot<float> y) {
  const ArenaScope scope(stream);
  const Tensor<float> factor(stream, {C}), offset(stream, {C});
  for (int m = 0; m < batch.models; ++m) {
    for (int c = 0; c < C; ++c) {
      factor.data()[c] = fixed_factor(variance.row(m)[c], eps, or_one(scale.row(m), c));
      offset.data()[c] = or_zero(shift.row(m), c);
    }
    normalise(batch.count(m) * positions, C, x.row(m), mean.row(m), factor.data(), offset.data(), y.row(m));
  }
}

void batch_norm_update(Cpu, Stream&, const Batch& batch, std::int64_t positions, int C, std::span<const float> momentum,
                       Slot<const float> moments, Slot<float> mean, Slot<float> variance) {
  for (int m = 0; m < batch.models; ++m) {
    if (batch.count(m) == 0) continue;
    const RunningRate running(momentum[momentum.size() == 1 ? 0 : static_cast<std::size_t>(m)],
                              static_cast<double>(batch.count(m) * positions));
    const float* const row = moments.row(m);
    for (int c = 0; c < C; ++c) {
      mean.row(m)[c] = running.mean(mean.row(m)[c], row[c]);
      variance.row(m)[c] = running.variance(variance.row(m)[c], row[C + c]);
    }
  }
}

void group_norm_forward(Cpu, Stream& stream, const Batch& batch, std::int64_t positions, int C, int groups, float eps,
                        Slot<const float> x, Slot<const float> scale, Slot<const float> shift, Slot<float> y,
                        Slot<float> moments) {
  const ArenaScope scope(stream);
  const Tensor<double> means(stream, {C}), squares(stream, {C});
  const Tensor<float> mean(stream, {C}), factor(stream, {C}), offset(stream, {C});
  for (int m = 0; m < batch.models; ++m)
    for (int b = 0; b < batch.count(m); ++b) {
      const std::int64_t at = b * positions * C;
      float* const of_sample = moments.row(m) + std::int64_t{b} * groups * 2;
      channel_moments(stream, positions, C, x.row(m) + at, means.data(), squares.data());
      group_moments(positions, C, groups, eps, means.data(), squares.data(), of_sample);
      for (int c = 0; c < C; ++c) {
        const float* const of_group = of_sample + c / (C / groups) * 2;
        mean.data()[c] = of_group[0];
        factor.data()[c] = of_group[1] * or_one(scale.row(m), c);
        offset.data()[c] = or_zero(shift.row(m), c);
      }
      normalise(positions, C, x.row(m) + at, mean.data(), factor.data(), offset.data(), y.row(m) + at);
    }
}

void group_norm_backward(Cpu, Stream& stream, const Batch& batch, std::int64_t positions, int C, int groups,
                         Slot<const float> x, Slot<const float> moments, Slot<const float> scale, Slot<const float> dy,
                         Slot<float> dx, Slot<float> dscale, Slot<float> dshift) {
  for (int m = 0; m < batch.models; ++m) {
    const ArenaScope scope(stream);
    const Tensor<double> scale_sum = channel_row<double>(stream, C), shift_sum = channel_row<double>(stream, C);
    for (int b = 0; b < batch.count(m); ++b) {
      const std::int64_t at = b * positions * C;
      const float* const of_sample = moments.row(m) + std::int64_t{b} * groups * 2;
      group_norm_sample_backward(stream, positions, C, groups, x.row(m) + at, of_sample, scale.row(m), dy.row(m) + at,
                                 dx.row(m) + at, scale_sum.data(), shift_sum.data());
    }
    store_row(C, scale_sum.data(), dscale.row(m));
    store_row(C, shift_sum.data(), dshift.row(m));
  }
}

}  // namespace fedscape::kernels
