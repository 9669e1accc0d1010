#pragma once

#include "fedscape/algo/federated/penalty.hpp"

namespace fedscape::test {

/// An algorithm of no use but to use everything: client and server memory with initial values, models of its own to
/// start from and to look through, terms of the class counts, a loss at the features, gradients taken elsewhere, aside
/// and corrected, stages of every kind, tuning, a sum over the steps of a round, a longer upload, uploads that stay on
/// their ranks and exact sums over them, server data, weights of its own, personal models, its own samples seen again.
class EveryHook : public FederatedAlgorithm {
 public:
  Footprint footprint(const Problem& problem) const override;
  void initial_memory(Stream& stream, View<const float> global, View<float> server) const override;
  void initial_client_memory(Stream& stream, const Network&, View<const float> global,
                             View<float> client) const override;
  std::vector<Stage> stages() const override;
  std::vector<Stage> tuning() const override;
  double weight(std::int64_t samples, bool by_samples) const override;
  void terms(std::span<const float> label_counts, std::span<float> terms) const override;
  void start(const BlockStart& start, View<float> params) const override;
  void other(const BlockStart& start, int which, View<float> params) const override;
  void probe(const LocalStep& step, View<const float> grads, View<float> point) const override;
  void step_aside(const LocalStep& step, View<const float> grads) const override;
  void loss(const LocalStep& step, const Outputs& out, OutputGrads& grads, View<float> loss) const override;
  void correct_gradient(const LocalStep& step, View<float> grads) const override;
  void after_step(const LocalStep& step, View<float> params) const override;
  void upload(const LocalResult& result, View<float> upload) const override;
  void keep(const LocalResult& result, View<float> params) const override;
  void personal(const BlockStart& start, View<float> params) const override;
  void server_update(const ServerStep& step) const override;

  std::int64_t tuning_steps = 2;
};

/// A penalty with memories and an upload of its own: it draws models to their first ones, and counts.
class EveryPenalty : public Penalty {
 public:
  void options(Fields&) override {}
  bool active() const override { return true; }
  FederatedAlgorithm::Footprint footprint(const Problem& problem) const override;
  void add_gradient(const LocalStep& step, View<float> loss, View<float> grads) const override;
  void upload(const LocalResult& result, View<float> upload) const override;
  void server_update(const ServerStep& step) const override;
};

}  // namespace fedscape::test
