#pragma once

#include "kernels/cuda/columns.hpp"
#include "kernels/subsample.hpp"

/// Bodies of ops/subsample.hpp for a Grid: positions of a sample are rows, and each element of an output is written.
namespace fedscape::kernels::on_grid {

struct SubsampleForward {
  Subsample s;
  Slot<const float> x;
  Slot<float> y;
  struct Column {
    const float* from;  // null: zero
    float* to;
  };
  FEDSCAPE_HOST_DEVICE Column column(int m, std::int64_t b, int c) const {
    const std::int64_t in = std::int64_t{s.height} * s.width * s.channels;
    const std::int64_t out = std::int64_t{s.out_height()} * s.out_width() * s.out_channels;
    const int from = c - s.first();
    return {from >= 0 && from < s.channels ? row_of(x, m) + b * in + from : nullptr, row_of(y, m) + b * out + c};
  }
  FEDSCAPE_HOST_DEVICE void operator()(const Column& at, std::int64_t position) const {
    const int out = static_cast<int>(position), row = out / s.out_width(), column = out % s.out_width();
    const std::int64_t taken = (std::int64_t{row} * s.width + column) * s.stride;
    at.to[position * s.out_channels] = at.from ? at.from[taken * s.channels] : 0.0f;
  }
};

struct SubsampleBackward {
  Subsample s;
  Slot<const float> dy;
  Slot<float> dx;
  struct Column {
    const float* from;
    float* to;
  };
  FEDSCAPE_HOST_DEVICE Column column(int m, std::int64_t b, int c) const {
    const std::int64_t in = std::int64_t{s.height} * s.width * s.channels;
    const std::int64_t out = std::int64_t{s.out_height()} * s.out_width() * s.out_channels;
    return {row_of(dy, m) + b * out + s.first() + c, row_of(dx, m) + b * in + c};
  }
  FEDSCAPE_HOST_DEVICE void operator()(const Column& at, std::int64_t position) const {
    const int in = static_cast<int>(position), row = in / s.width, column = in % s.width;
    const bool taken = row % s.stride == 0 && column % s.stride == 0;
    const std::int64_t out = std::int64_t{row / s.stride} * s.out_width() + column / s.stride;
    at.to[position * s.channels] = taken ? at.from[out * s.out_channels] : 0.0f;
  }
};

template <class Grid>
void subsample_forward(const Grid& grid, const Batch& batch, const Subsample& s, Slot<const float> x, Slot<float> y) {
  const ArenaScope scope(grid.stream());
  const View<const int> counts = upload_counts(grid, batch);
  const Tiles tiles(s.out_channels);
  const RowSets sets(tiles, batch, counts.data, std::int64_t{s.out_height()} * s.out_width(), true);
  each_row(grid, tiles, sets, batch.models, SubsampleForward{s, x, y});
}

template <class Grid>
void subsample_backward(const Grid& grid, const Batch& batch, const Subsample& s, Slot<const float> dy,
                        Slot<float> dx) {
  const ArenaScope scope(grid.stream());
  const View<const int> counts = upload_counts(grid, batch);
  const Tiles tiles(s.channels);
  const RowSets sets(tiles, batch, counts.data, std::int64_t{s.height} * s.width, true);
  each_row(grid, tiles, sets, batch.models, SubsampleBackward{s, dy, dx});
}

}  // namespace fedscape::kernels::on_grid
