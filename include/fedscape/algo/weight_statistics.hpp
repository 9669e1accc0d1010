#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

#include "fedscape/algo/federated/engine.hpp"
#include "fedscape/nn/layout.hpp"

namespace fedscape {

/// Signs of P parameters, eight a byte, lowest bit first; a bit is set where the sign bit is (so -0 counts as
/// negative).
using Signs = std::vector<std::uint8_t>;
Signs signs_of(std::span<const float> params);

/// One layer (parameter slot) of one model.
struct SlotStatistics {
  float mean, deviation, norm;                  // of its weights; deviation with 1/n; norm: Euclidean
  float same_sign_initial, same_sign_previous;  // fraction of weights whose sign is the initial (previous) model's
};
/// One for each slot of the layout; params, previous [P]. Sums of doubles in the order of the weights.
std::vector<SlotStatistics> weight_statistics(const ParamLayout& layout, std::span<const float> params,
                                              const Signs& initial, std::span<const float> previous);

/// Sign consistency ratio of two models (Li et al., Exploring and Exploiting the Asymmetric Valley of Deep Neural
/// Networks, NeurIPS 2024): the fraction of parameters with the same sign. Of all trained parameters, and of each
/// ParamGroup. Ours: parameters that are exactly 0 in either model are not counted; NaN where none is left.
using SignConsistency = std::array<float, 4>;
inline constexpr std::array kSignGroups{"all", "features", "classifier", "norm"};
/// a, b [P].
SignConsistency sign_consistency(const ParamLayout& layout, std::span<const float> a, std::span<const float> b);

struct ClientStatistics {
  ClientId client;
  std::vector<SlotStatistics> slots;
  SignConsistency signs;  // of the trained and the received model
};

/// Collects the statistics of the clients of a round, on whatever threads and ranks they are trained.
class ClientStatisticsCollector {
 public:
  ClientStatisticsCollector(const ParamLayout& layout, Signs initial) : layout_(layout), initial_(std::move(initial)) {}
  /// Before a round that starts from the global model `params` [P].
  void start_round(std::span<const float> params);
  /// For Engine::round.
  ClientObserver observer();
  /// Those of all ranks since start_round, by client id, the same on every rank. Collective.
  std::vector<ClientStatistics> gather(Communicator& comm);

 private:
  const ParamLayout& layout_;
  Signs initial_;
  std::vector<float> previous_;  // [P]
  std::mutex mutex_;
  std::vector<ClientStatistics> mine_;
};

}  // namespace fedscape
