#pragma once

#include "kernels/cuda/grid.hpp"
#include "kernels/pool_windows.hpp"

/// Bodies of ops/pool.hpp for a Grid.
namespace fedscape::kernels::on_grid {

/// One channel of one sample's map.
struct Plane {
  const float* data;
  int columns, channels;
  FEDSCAPE_HOST_DEVICE float operator()(int row, int column) const {
    return data[(std::int64_t{row} * columns + column) * channels];
  }
};

/// Where element j of a model's maps [b,row,column,channel] lies.
struct Place {
  std::int64_t b;
  int row, column, channel;
};

FEDSCAPE_HOST_DEVICE inline Place place_of(std::int64_t j, int rows, int columns, int channels) {
  const std::int64_t pixel = j / channels, line = pixel / columns;
  return {line / rows, static_cast<int>(line % rows), static_cast<int>(pixel % columns),
          static_cast<int>(j % channels)};
}

struct Maps : Windows {
  FEDSCAPE_HOST_DEVICE Place input(std::int64_t j) const { return place_of(j, rows.size, columns.size, channels); }
  FEDSCAPE_HOST_DEVICE Place output(std::int64_t j) const { return place_of(j, rows.out, columns.out, channels); }
  FEDSCAPE_HOST_DEVICE Plane inputs(Slot<const float> x, int m, const Place& at) const {
    return {x.data + m * x.stride + at.b * in_sample() + at.channel, columns.size, channels};
  }
  FEDSCAPE_HOST_DEVICE Plane outputs(Slot<const float> y, int m, const Place& at) const {
    return {y.data + m * y.stride + at.b * out_sample() + at.channel, columns.out, channels};
  }
  /// Share of one pixel in the average of a window.
  FEDSCAPE_HOST_DEVICE float share(int row, int column) const {
    return 1.0f / static_cast<float>(rows.window(row).counted * columns.window(column).counted);
  }
};

/// y of one window.
struct MaxForward {
  Maps maps;
  Slot<const float> x;
  float* y;
  FEDSCAPE_HOST_DEVICE void operator()(int m, std::int64_t i, std::int64_t j) const {
    const Place at = maps.output(j);
    const Plane in = maps.inputs(x, m, at);
    const Span rows = maps.rows.window(at.row), columns = maps.columns.window(at.column);
    float best = in(rows.begin, columns.begin);
    for (int row = rows.begin; row < rows.end; ++row)
      for (int column = columns.begin; column < columns.end; ++column) {
        const float value = in(row, column);
        best = value <= best || best != best ? best : value;  // NaN stays
      }
    y[i] = best;
  }
};

/// dx of one pixel: the gradients of the windows whose first maximum it is, in the order of the windows.
struct MaxBackward {
  Maps maps;
  Slot<const float> x, y, dy;
  float* dx;
  FEDSCAPE_HOST_DEVICE bool first_in_window(const Plane& in, const Place& at, const Span& rows,
                                            const Span& columns) const {
    const float value = in(at.row, at.column);
    for (int row = rows.begin; row <= at.row; ++row)
      for (int column = columns.begin; column < (row < at.row ? columns.end : at.column); ++column)
        if (in(row, column) == value) return false;
    return true;
  }
  FEDSCAPE_HOST_DEVICE void operator()(int m, std::int64_t i, std::int64_t j) const {
    const Place at = maps.input(j);
    const Plane in = maps.inputs(x, m, at), out = maps.outputs(y, m, at), dout = maps.outputs(dy, m, at);
    const Span rows = maps.rows.covering(at.row), columns = maps.columns.covering(at.column);
    float sum = 0;
    for (int row = rows.begin; row < rows.end; ++row)
      for (int column = columns.begin; column < columns.end; ++column)
        if (in(at.row, at.column) == out(row, column) &&
            first_in_window(in, at, maps.rows.window(row), maps.columns.window(column)))
          sum += dout(row, column);
    dx[i] = sum;
  }
};

/// y of one window.
struct AverageForward {
  Maps maps;
  Slot<const float> x;
  float* y;
  FEDSCAPE_HOST_DEVICE void operator()(int m, std::int64_t i, std::int64_t j) const {
    const Place at = maps.output(j);
    const Plane in = maps.inputs(x, m, at);
    const Span rows = maps.rows.window(at.row), columns = maps.columns.window(at.column);
    float sum = 0;
    for (int row = rows.begin; row < rows.end; ++row)
      for (int column = columns.begin; column < columns.end; ++column) sum += in(row, column);
    y[i] = sum * maps.share(at.row, at.column);
  }
};

/// dx of one pixel, over the windows that cover it in their order.
struct AverageBackward {
  Maps maps;
  Slot<const float> dy;
  float* dx;
  FEDSCAPE_HOST_DEVICE void operator()(int m, std::int64_t i, std::int64_t j) const {
    const Place at = maps.input(j);
    const Plane dout = maps.outputs(dy, m, at);
    const Span rows = maps.rows.covering(at.row), columns = maps.columns.covering(at.column);
    float sum = 0;
    for (int row = rows.begin; row < rows.end; ++row)
      for (int column = columns.begin; column < columns.end; ++column)
        sum += maps.share(row, column) * dout(row, column);
    dx[i] = sum;
  }
};

template <class Grid>
void max_pool_forward(const Grid& grid, const PoolShape& shape, const Batch& batch, Slot<const float> x,
                      Slot<float> y) {
  const Maps maps{windows_of(shape)};
  each_element(grid, batch, maps.out_sample(), MaxForward{maps, x, y.data});
}

template <class Grid>
void max_pool_backward(const Grid& grid, const PoolShape& shape, const Batch& batch, Slot<const float> x,
                       Slot<const float> y, Slot<const float> dy, Slot<float> dx) {
  const Maps maps{windows_of(shape)};
  each_element(grid, batch, maps.in_sample(), MaxBackward{maps, x, y, dy, dx.data});
}

/// Of a PoolShape or an AdaptiveShape.
template <class Grid, class Pooling>
void average_pool_forward(const Grid& grid, const Pooling& shape, const Batch& batch, Slot<const float> x,
                          Slot<float> y) {
  const Maps maps{windows_of(shape)};
  each_element(grid, batch, maps.out_sample(), AverageForward{maps, x, y.data});
}

template <class Grid, class Pooling>
void average_pool_backward(const Grid& grid, const Pooling& shape, const Batch& batch, Slot<const float> dy,
                           Slot<float> dx) {
  const Maps maps{windows_of(shape)};
  each_element(grid, batch, maps.in_sample(), AverageBackward{maps, dy, dx.data});
}

}  // namespace fedscape::kernels::on_grid
