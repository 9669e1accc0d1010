#include <algorithm>
#include <cmath>

#include "fedscape/ops/norm.hpp"
#include "tests/support/op_cases.hpp"

namespace fedscape::cases {

namespace {

constexpr float kEps = 1e-5f;
constexpr std::int64_t kScale = kNormScale;

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

/// Which elements of x [B, positions, C] are normalised together: groups = 0 for batch norm (one set for each channel),
/// else one set for each sample and group.
struct Sets {
  int positions, C, groups;

  std::size_t channel(std::size_t i) const { return i % index(C); }
  std::size_t of(std::size_t i) const {
    if (groups == 0) return channel(i);
    return i / index(positions * C) * index(groups) + channel(i) / index(C / groups);
  }
  std::size_t number(int count) const { return index(groups == 0 ? C : count * groups); }
  std::size_t elements(int count) const { return index(std::int64_t{count} * positions * C); }
  double size(int count) const { return groups == 0 ? double(count) * positions : double(positions) * C / groups; }
  /// Where `moments` keeps 1 / sqrt(variance + eps) and the mean of a set.
  std::size_t inverse_at(std::size_t set) const { return groups == 0 ? index(2 * C) + set : 2 * set + 1; }
  std::size_t mean_at(std::size_t set) const { return groups == 0 ? set : 2 * set; }
};

Expected divided(const std::vector<TrackedSum>& sums, double n) {
  Expected result;
  for (const TrackedSum& sum : sums) result.push_back(sum.total() / Tracked(n));
  return result;
}

struct Statistics {
  Expected mean, variance, inverse;
};

Statistics statistics(const Sets& sets, int count, const Values& x) {
  std::vector<TrackedSum> sums(sets.number(count)), squares(sets.number(count));
  for (std::size_t i = 0; i < sets.elements(count); ++i) sums[sets.of(i)].add(x[i]);
  Statistics s{divided(sums, sets.size(count)), {}, {}};
  for (std::size_t i = 0; i < sets.elements(count); ++i) {
    const Tracked distance = Tracked(x[i]) - s.mean[sets.of(i)];
    squares[sets.of(i)].add(distance * distance);
  }
  s.variance = divided(squares, sets.size(count));
  for (const Tracked& variance : s.variance) s.inverse.push_back(Tracked(1) / sqrt(variance + Tracked(kEps)));
  return s;
}

Expected moments_of(const Sets& sets, int count, const Statistics& s) {
  Expected moments;
  for (std::size_t set = 0; sets.groups && set < sets.number(count); ++set)
    moments.insert(moments.end(), {s.mean[set], s.inverse[set]});
  if (sets.groups == 0)
    for (const Expected* row : {&s.mean, &s.variance, &s.inverse})
      moments.insert(moments.end(), row->begin(), row->end());
  return moments;
}

std::vector<Expected> forward(const Sets& sets, int count, const Values& x, const Values& row) {
  const Statistics s = statistics(sets, count, x);
  Expected y;
  for (std::size_t i = 0; i < sets.elements(count); ++i) {
    const std::size_t scale = index(kScale) + sets.channel(i);
    y.push_back((Tracked(x[i]) - s.mean[sets.of(i)]) * s.inverse[sets.of(i)] * row[scale] + row[scale + index(sets.C)]);
  }
  return {y, moments_of(sets, count, s)};
}

/// in: x, moments, row, dy. With h = (x - mean) * inverse and g = scale * dy:
/// dx = inverse * (g - mean of g - h * mean of g h) over the set, dscale = sum of dy h, dshift = sum of dy.
std::vector<Expected> backward(const Sets& sets, int count, const std::vector<Values>& in) {
  const Values &x = in[0], &moments = in[1], &row = in[2], &dy = in[3];
  std::vector<TrackedSum> by_one(sets.number(count)), by_h(sets.number(count)), dscale(index(sets.C)),
      dshift(index(sets.C));
  Expected h, g, dx, dscales, dshifts;
  for (std::size_t i = 0; i < sets.elements(count); ++i) {
    const std::size_t set = sets.of(i), channel = sets.channel(i);
    h.push_back((Tracked(x[i]) - Tracked(moments[sets.mean_at(set)])) * moments[sets.inverse_at(set)]);
    g.push_back(Tracked(row[index(kScale) + channel]) * dy[i]);
    by_one[set].add(g[i]);
    by_h[set].add(g[i] * h[i]);
    dscale[channel].add(h[i] * dy[i]);
    dshift[channel].add(dy[i]);
  }
  const Expected one = divided(by_one, sets.size(count)), with_h = divided(by_h, sets.size(count));
  for (std::size_t i = 0; i < sets.elements(count); ++i) {
    const std::size_t set = sets.of(i);
    dx.push_back(Tracked(moments[sets.inverse_at(set)]) * (g[i] - one[set] - h[i] * with_h[set]));
  }
  for (const TrackedSum& sum : dscale) dscales.push_back(sum.total());
  for (const TrackedSum& sum : dshift) dshifts.push_back(sum.total());
  return {dx, dscales, dshifts};
}

/// Gives the channels different means and spreads.
void spread_channels(const Sets& sets, Values& x) {
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double c = static_cast<double>(sets.channel(i) % 7);
    x[i] = static_cast<float>(x[i] * (0.1 + c) + 3 * c);
  }
}

std::vector<OpCase> norm_cases(const std::string& name, const NormSize& size, const Sets& sets) {
  const auto [M, B, positions, C] = size;
  const OpArray x{{M, B, positions, C}, true}, row{{M, kScale + 2 * C}}, channels{{M, C}};
  const OpArray moments = sets.groups ? OpArray{{M, B, sets.groups, 2}, true} : OpArray{{M, 3, C}};
  OpCase common{.bytes = 8.0 * static_cast<double>(x.shape.size()), .models = M, .size = B};
  common.counts = ragged(M, B);
  if (sets.groups == 0)
    for (int& count : common.counts) count = std::max(count, 1);
  std::vector<OpCase> cases(2, common);
  const std::string text = x.shape.text() + (sets.groups ? "_" + std::to_string(sets.groups) : "");
  cases[0].name = name + "_forward_" + text;
  cases[0].inputs = {x, row};
  cases[0].outputs = {x, moments};
  cases[0].prepare = [sets](int, std::vector<Values>& in) { spread_channels(sets, in[0]); };
  cases[0].oracle = [sets](int count, const std::vector<Values>& in) { return forward(sets, count, in[0], in[1]); };
  cases[1].name = name + "_backward_" + text;
  cases[1].inputs = {x, moments, row, x};
  cases[1].outputs = {x, channels, channels};
  cases[1].prepare = [sets](int count, std::vector<Values>& in) {
    spread_channels(sets, in[0]);
    const Expected of_x = moments_of(sets, count, statistics(sets, count, in[0]));
    for (std::size_t i = 0; i < of_x.size(); ++i) in[1][i] = static_cast<float>(of_x[i].value);
  };
  cases[1].oracle = [sets](int count, const std::vector<Values>& in) { return backward(sets, count, in); };
  return cases;
}

/// Row: kScale floats, scale, shift, mean, variance.
OpCase apply_case(const NormSize& size) {
  const auto [M, B, positions, C] = size;
  const OpArray x{{M, B, positions, C}, true}, shared{{1, B, positions, C}, true}, row{{M, kScale + 4 * C}};
  OpCase op{.name = "batch_norm_apply_" + x.shape.text(), .bytes = 8.0 * static_cast<double>(x.shape.size())};
  op.models = M, op.size = B, op.counts = ragged(M, B);
  op.inputs = {shared, row};
  op.outputs = {x};
  op.prepare = [width = index(C)](int, std::vector<Values>& in) {
    for (std::size_t c = 0; c < width; ++c) in[1][kScale + 3 * width + c] = std::abs(in[1][kScale + 3 * width + c]);
  };
  op.run = [width = C](Stream& stream, const Batch& b, Inputs in, Outputs out) {
    const auto part = [&](int i) { return slot(in[1], kScale + i * width); };
    ops::batch_norm_apply(stream, b, kEps, in[0], part(2), part(3), part(0), part(1), out[0]);
  };
  op.oracle = [width = index(C), sample = positions * C](int count, const std::vector<Values>& in) {
    Expected y;
    for (std::size_t i = 0; i < index(std::int64_t{count} * sample); ++i) {
      const auto part = [&](std::size_t k) { return Tracked(in[1][kScale + k * width + i % width]); };
      y.push_back((Tracked(in[0][i]) - part(2)) / sqrt(part(3) + Tracked(kEps)) * part(0) + part(1));
    }
    return std::vector<Expected>{y};
  };
  return op;
}

/// Updates a copy of the running mean and variance [M,2C].
OpCase update_case(const NormSize& size) {
  constexpr float kMomentum = 0.1f;
  const auto [M, B, positions, C] = size;
  OpCase op{.name = "batch_norm_update_" + Shape{M, B, positions, C}.text()};
  op.models = M, op.size = B, op.counts = ragged(M, B);
  op.inputs = {{{M, 3, C}}, {{M, 2 * C}}};
  op.outputs = {{{M, 2 * C}}};
  op.run = [n = positions, width = C](Stream& stream, const Batch& b, Inputs in, Outputs out) {
    const float momentum[] = {kMomentum};
    copy_on_device(stream, out[0].data, in[1].data, index(in[1].size()) * sizeof(float));
    ops::batch_norm_update(stream, b, n, momentum, in[0], slot(out[0], 0), slot(out[0], width));
  };
  op.oracle = [positions = positions, width = index(C)](int count, const std::vector<Values>& in) {
    Expected running;
    const double n = double(count) * positions;
    for (std::size_t i = 0; i < 2 * width; ++i) {
      const Tracked unbiased = i < width || n < 2 ? Tracked(1) : Tracked(n) / Tracked(n - 1);
      const Tracked now = Tracked(in[0][i]) * unbiased * Tracked(kMomentum);
      running.push_back(count ? (Tracked(1) - Tracked(kMomentum)) * in[1][i] + now : Tracked(in[1][i]));
    }
    return std::vector<Expected>{running};
  };
  return op;
}

}  // namespace

std::vector<OpCase> batch_norm(const NormSize& size) {
  std::vector<OpCase> cases = norm_cases("batch_norm", size, {size.positions, size.channels, 0});
  cases[0].run = [C = size.channels](Stream& stream, const Batch& b, Inputs in, Outputs out) {
    ops::batch_norm_forward(stream, b, kEps, in[0], slot(in[1], kScale), slot(in[1], kScale + C), out[0], out[1]);
  };
  cases[1].run = [](Stream& stream, const Batch& b, Inputs in, Outputs out) {
    ops::batch_norm_backward(stream, b, in[0], in[1], slot(in[2], kScale), in[3], out[0], slot(out[1], 0),
                             slot(out[2], 0));
  };
  cases.push_back(apply_case(size));
  cases.push_back(update_case(size));
  return cases;
}

std::vector<OpCase> group_norm(const NormSize& size, int groups) {
  std::vector<OpCase> cases = norm_cases("group_norm", size, {size.positions, size.channels, groups});
  cases[0].run = [groups, C = size.channels](Stream& stream, const Batch& b, Inputs in, Outputs out) {
    ops::group_norm_forward(stream, b, groups, kEps, in[0], slot(in[1], kScale), slot(in[1], kScale + C), out[0],
                            out[1]);
  };
  cases[1].run = [groups](Stream& stream, const Batch& b, Inputs in, Outputs out) {
    ops::group_norm_backward(stream, b, groups, in[0], in[1], slot(in[2], kScale), in[3], out[0], slot(out[1], 0),
                             slot(out[2], 0));
  };
  return cases;
}

}  // namespace fedscape::cases
