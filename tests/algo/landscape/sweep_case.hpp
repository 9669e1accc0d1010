#pragma once

#include <cstring>
#include <map>
#include <utility>
#include <vector>

#include "fedscape/algo/landscape/sweep.hpp"
#include "fedscape/nn/layers.hpp"

namespace fedscape::test {

/// A small network with batch norm, two data sets of more than one chunk, and a plane of random directions.
class SweepCase {
 public:
  using Results = std::map<std::pair<int, int>, std::vector<Metrics>>;  // by iy, ix

  SweepCase() : network({4, 4, 2}) {
    const int c = network.add("conv", conv(square(5, 3, 1, 1)), {0});
    const int b = network.add("bn", batch_norm(), {c});
    network.add("fc", linear(3), {network.add("flatten", flatten(), {network.add("relu", relu(), {b})})});
    network.finish();
    origin.resize(static_cast<std::size_t>(network.layout().size()));
    fill_normal({1}, 0.1f, 0.5f, origin);
    for (const ParamSlot& slot : network.layout().slots())
      if (slot.name.ends_with("running_var")) fill_slot(slot, 2);
    train = data(300, 2);
    test = data(257, 3);
    x = random_direction(network.layout(), origin, Normalize::filter, true, {4, Purpose::direction_x});
    y = random_direction(network.layout(), origin, Normalize::filter, true, {4, Purpose::direction_y});
  }

  std::vector<Point> points() const {
    std::vector<Point> all;
    for (int iy = 0; iy < grid.ny; ++iy)
      for (int ix = 0; ix < grid.nx; ++ix) all.push_back({ix, iy});
    return all;
  }

  /// What this rank records of a sweep.
  Results run(Communicator& comm, int threads, int models, BatchNormPolicy policy = BatchNormPolicy::frozen,
              Precision precision = Precision::float32) const {
    Workers workers({}, threads);
    const Plane plane = make_plane(workers.stream(), origin, x, y);
    const std::vector<SweepData> splits = {{"train", &train}, {"test", &test}};
    const Dataset* const recalibrate = policy == BatchNormPolicy::recalibrated ? &train : nullptr;
    Results results;
    const auto record = [&](Point p, std::span<const Metrics> metrics) {
      results[{p.iy, p.ix}].assign(metrics.begin(), metrics.end());
    };
    sweep(workers, comm, network, plane, grid, points(), splits, recalibrate, {policy, models, precision}, record, {});
    return results;
  }

  Network network;
  Grid grid{.x0 = -1, .x1 = 1, .y0 = -0.5, .y1 = 0.5, .nx = 5, .ny = 3};
  std::vector<float> origin, x, y;
  Dataset train, test;

 private:
  void fill_slot(const ParamSlot& slot, float value) { std::fill_n(origin.begin() + slot.offset, slot.size(), value); }
  static Dataset data(std::int64_t samples, std::uint64_t seed) {
    std::vector<float> values(static_cast<std::size_t>(samples * 32));
    fill_normal({seed}, 0, 1, values);
    std::vector<std::int32_t> labels(static_cast<std::size_t>(samples));
    for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<std::int32_t>(i % 3);
    return Dataset("numbers", {4, 4, 2}, 3, std::move(values), std::move(labels));
  }
};

inline bool same_bits(const Metrics& a, const Metrics& b) { return std::memcmp(&a, &b, sizeof(Metrics)) == 0; }

inline bool same_bits(const SweepCase::Results& a, const SweepCase::Results& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& p, const auto& q) {
    return p.first == q.first && std::equal(p.second.begin(), p.second.end(), q.second.begin(), q.second.end(),
                                            [](const Metrics& s, const Metrics& t) { return same_bits(s, t); });
  });
}

}  // namespace fedscape::test
