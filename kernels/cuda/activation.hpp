#pragma once

#include "kernels/activation.hpp"
#include "kernels/cuda/grid.hpp"

/// Bodies of ops/activation.hpp for a Grid.
namespace fedscape::kernels::on_grid {

struct ReluForward {
  float slope;
  const float* x;
  bool x_shared;
  float* y;
  FEDSCAPE_HOST_DEVICE void operator()(int, std::int64_t i, std::int64_t j) const {
    y[i] = leaky_relu(x[x_shared ? j : i], slope);
  }
};

struct ReluBackward {
  float slope;
  const float *y, *dy;
  float* dx;
  FEDSCAPE_HOST_DEVICE void operator()(int, std::int64_t i, std::int64_t) const {
    dx[i] = leaky_relu_gradient(y[i], dy[i], slope);
  }
};

struct Sum {
  const float* a;
  bool a_shared;
  const float* b;
  bool b_shared;
  float* y;
  FEDSCAPE_HOST_DEVICE void operator()(int, std::int64_t i, std::int64_t j) const {
    y[i] = a[a_shared ? j : i] + b[b_shared ? j : i];
  }
};

/// Over [M,B,positions,channels copied].
struct CopyChannels {
  const float* from;
  bool from_shared;
  int from_channels, from_first;
  float* to;
  int to_channels, to_first, channels;
  FEDSCAPE_HOST_DEVICE void operator()(int, std::int64_t i, std::int64_t j) const {
    const std::int64_t source = (from_shared ? j : i) / channels, c = i % channels;
    to[i / channels * to_channels + to_first + c] = from[source * from_channels + from_first + c];
  }
};

/// One thread per four elements: a block of random words.
struct Dropout {
  const int* counts;
  std::int64_t n, stride;  // elements of a sample and of a model
  float p;
  const RngKey* keys;
  Purpose purpose;
  const float* x;
  bool x_shared;
  float* y;
  FEDSCAPE_HOST_DEVICE void operator()(int m, std::int64_t block) const {
    const std::int64_t first = block * 4, elements = counts[m] * n;
    if (first >= elements) return;
    RngKey key = keys[m];
    key.purpose = purpose;
    RngBlock words;
    philox(key, static_cast<std::uint32_t>(block), words);
    const float scale = 1 / (1 - p);
    FEDSCAPE_UNROLL
    for (int k = 0; k < 4; ++k) {
      const std::int64_t j = first + k, i = m * stride + j;
      if (j < elements) y[i] = uniform_of(words[k]) >= p ? x[x_shared ? j : i] * scale : 0.0f;
    }
  }
};

template <class Grid>
void leaky_relu_forward(const Grid& grid, const Batch& batch, float slope, const float* x, bool x_shared, float* y,
                        std::int64_t n) {
  each_element(grid, batch, n, ReluForward{slope, x, x_shared, y});
}

template <class Grid>
void leaky_relu_backward(const Grid& grid, const Batch& batch, float slope, const float* y, const float* dy, float* dx,
                         std::int64_t n) {
  each_element(grid, batch, n, ReluBackward{slope, y, dy, dx});
}

template <class Grid>
void dropout(const Grid& grid, const Batch& batch, float p, Purpose purpose, const RngKey* keys, const float* x,
             bool x_shared, float* y, std::int64_t n) {
  const ArenaScope scope(grid.stream());
  const View<const int> counts = upload_counts(grid, batch);
  const View<const RngKey> own_keys = grid.upload(keys, batch.models);
  const std::int64_t stride = batch.size * n;
  grid.threads((stride + 3) / 4, batch.models,
               Dropout{counts.data, n, stride, p, own_keys.data, purpose, x, x_shared, y});
}

template <class Grid>
void add(const Grid& grid, const Batch& batch, const float* a, bool a_shared, const float* b, bool b_shared, float* y,
         std::int64_t n) {
  each_element(grid, batch, n, Sum{a, a_shared, b, b_shared, y});
}

template <class Grid>
void copy_channels(const Grid& grid, const Batch& batch, const float* from, bool from_shared, int from_channels,
                   int from_first, float* to, int to_channels, int to_first, int channels, std::int64_t positions) {
  each_element(grid, batch, positions * channels,
               CopyChannels{from, from_shared, from_channels, from_first, to, to_channels, to_first, channels});
}

}  // namespace fedscape::kernels::on_grid
