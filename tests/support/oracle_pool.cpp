#include <algorithm>
#include <cmath>

#include "tests/support/op_cases.hpp"

namespace fedscape::cases {

using ops::PoolShape;

namespace {

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

struct Axis {
  int size, out, kernel, stride, pad;  // kernel 0: adaptive
  bool count_padding;
  int begin(int i) const { return kernel ? std::max(0, i * stride - pad) : i * size / out; }
  int end(int i) const { return kernel ? std::min(size, i * stride - pad + kernel) : ((i + 1) * size + out - 1) / out; }
  int counted(int i) const {
    const int whole = std::min(i * stride - pad + kernel, size + pad) - (i * stride - pad);
    return kernel && count_padding ? whole : end(i) - begin(i);
  }
};

struct Maps {
  Axis y, x;
  int C;
  Shape in() const { return {y.size, x.size, C}; }
  Shape out() const { return {y.out, x.out, C}; }
};

Maps maps_of(const PoolShape& s) {
  return {{s.height, s.out_height(), s.kernel_y, s.stride_y, s.pad_y, s.count_padding},
          {s.width, s.out_width(), s.kernel_x, s.stride_x, s.pad_x, s.count_padding},
          s.channels};
}

/// Calls f(y, divisor, pixels) for each output of `count` samples; pixels are the indices its window covers.
template <class F>
void for_each_output(const Maps& maps, int count, F&& f) {
  std::size_t y = 0;
  for (int b = 0; b < count; ++b)
    for (int oy = 0; oy < maps.y.out; ++oy)
      for (int ox = 0; ox < maps.x.out; ++ox)
        for (int c = 0; c < maps.C; ++c, ++y) {
          std::vector<std::size_t> pixels;
          for (int iy = maps.y.begin(oy); iy < maps.y.end(oy); ++iy)
            for (int ix = maps.x.begin(ox); ix < maps.x.end(ox); ++ix)
              pixels.push_back(index(((std::int64_t{b} * maps.y.size + iy) * maps.x.size + ix) * maps.C + c));
          f(y, maps.y.counted(oy) * maps.x.counted(ox), pixels);
        }
}

/// The first largest of the pixels.
std::size_t largest(const Values& x, const std::vector<std::size_t>& pixels) {
  return *std::max_element(pixels.begin(), pixels.end(), [&](std::size_t a, std::size_t b) { return x[a] < x[b]; });
}

Expected totals(const std::vector<TrackedSum>& sums) {
  Expected result;
  for (const TrackedSum& sum : sums) result.push_back(sum.total());
  return result;
}

std::string describe(const Maps& maps) {
  std::string name;
  for (const std::int64_t extent :
       {maps.y.size, maps.x.size, maps.C, maps.y.out, maps.x.out, maps.y.kernel, maps.x.pad})
    name += "_" + std::to_string(extent);
  return name;
}

/// Two cases, forward x -> y and backward dy -> dx, without the ops.
std::vector<OpCase> describe_pair(const std::string& name, const Maps& maps, int models, int batch) {
  const OpArray x{maps.in().under(batch).under(models), true}, y{maps.out().under(batch).under(models), true};
  OpCase common{.models = models, .size = batch, .counts = ragged(models, batch)};
  common.bytes = 4.0 * static_cast<double>(x.shape.size() + y.shape.size());
  std::vector<OpCase> cases(2, common);
  cases[0].name = name + "_forward" + describe(maps);
  cases[0].inputs = {x};
  cases[0].inputs[0].shape = x.shape.inner().under(1);
  cases[0].outputs = {y};
  cases[1].name = name + "_backward" + describe(maps);
  cases[1].inputs = {y};
  cases[1].outputs = {x};
  return cases;
}

std::vector<OpCase> average_cases(const std::string& name, const Maps& maps, int models, int batch) {
  std::vector<OpCase> cases = describe_pair(name, maps, models, batch);
  cases[0].oracle = [maps](int count, const std::vector<Values>& in) {
    Expected y;
    for_each_output(maps, count, [&](std::size_t, int divisor, const std::vector<std::size_t>& pixels) {
      TrackedSum sum;
      for (const std::size_t pixel : pixels) sum.add(in[0][pixel]);
      y.push_back(sum.total() / Tracked(divisor));
    });
    return std::vector<Expected>{y};
  };
  cases[1].oracle = [maps](int count, const std::vector<Values>& in) {
    std::vector<TrackedSum> sums(index(count * maps.in().size()));
    for_each_output(maps, count, [&](std::size_t y, int divisor, const std::vector<std::size_t>& pixels) {
      for (const std::size_t pixel : pixels) sums[pixel].add(Tracked(in[0][y]) / Tracked(divisor));
    });
    return std::vector<Expected>{totals(sums)};
  };
  return cases;
}

/// Coarse values, so that windows have several maxima.
void coarsen(Values& x) {
  for (double& value : x) value = std::round(2 * value) / 2;
}

}  // namespace

std::vector<OpCase> max_pool(const PoolShape& shape, int models, int batch) {
  const Maps maps = maps_of(shape);
  std::vector<OpCase> cases = describe_pair("max_pool", maps, models, batch);
  cases[0].run = [shape](Stream& stream, const Batch& b, Inputs in, Outputs out) {
    ops::max_pool_forward(stream, shape, b, in[0], out[0]);
  };
  cases[0].oracle = [maps](int count, const std::vector<Values>& in) {
    Expected y;
    for_each_output(maps, count, [&](std::size_t, int, const std::vector<std::size_t>& pixels) {
      y.push_back(in[0][largest(in[0], pixels)]);
    });
    return std::vector<Expected>{y};
  };
  cases[1].inputs = {cases[1].outputs[0], cases[1].inputs[0], cases[1].inputs[0]};  // x, y, dy
  cases[1].run = [shape](Stream& stream, const Batch& b, Inputs in, Outputs out) {
    ops::max_pool_backward(stream, shape, b, in[0], in[1], in[2], out[0]);
  };
  cases[1].prepare = [maps](int count, std::vector<Values>& in) {
    coarsen(in[0]);
    for_each_output(maps, count, [&](std::size_t y, int, const std::vector<std::size_t>& pixels) {
      in[1][y] = in[0][largest(in[0], pixels)];
    });
  };
  cases[1].oracle = [maps](int count, const std::vector<Values>& in) {
    std::vector<TrackedSum> sums(index(count * maps.in().size()));
    for_each_output(maps, count, [&](std::size_t y, int, const std::vector<std::size_t>& pixels) {
      sums[largest(in[0], pixels)].add(in[2][y]);
    });
    return std::vector<Expected>{totals(sums)};
  };
  return cases;
}

std::vector<OpCase> average_pool(const PoolShape& shape, int models, int batch) {
  std::vector<OpCase> cases = average_cases("average_pool", maps_of(shape), models, batch);
  cases[0].run = [shape](Stream& stream, const Batch& b, Inputs in, Outputs out) {
    ops::average_pool_forward(stream, shape, b, in[0], out[0]);
  };
  cases[1].run = [shape](Stream& stream, const Batch& b, Inputs in, Outputs out) {
    ops::average_pool_backward(stream, shape, b, in[0], out[0]);
  };
  return cases;
}

std::vector<OpCase> adaptive_pool(const Shape& in, int out_height, int out_width, int models, int batch) {
  const Maps maps{{static_cast<int>(in[0]), out_height, 0, 0, 0, false},
                  {static_cast<int>(in[1]), out_width, 0, 0, 0, false},
                  static_cast<int>(in[2])};
  std::vector<OpCase> cases = average_cases("adaptive_pool", maps, models, batch);
  cases[0].run = [](Stream& stream, const Batch& b, Inputs x, Outputs y) {
    ops::adaptive_pool_forward(stream, b, x[0], y[0]);
  };
  cases[1].run = [](Stream& stream, const Batch& b, Inputs dy, Outputs dx) {
    ops::adaptive_pool_backward(stream, b, dy[0], dx[0]);
  };
  return cases;
}

}  // namespace fedscape::cases
