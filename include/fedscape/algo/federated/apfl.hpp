#pragma once

#include "fedscape/algo/federated/algorithm.hpp"

namespace fedscape {

/// APFL, adaptive personalized federated learning (Deng, Kamani and Mahdavi, 2020, arXiv 2003.13461): a personal model
/// is the mixture of one that only its client knows and the one that all train. With w_k the local model, trained and
/// sent as in FedAvg, v_k the client's own, and g the gradient of L_k at alpha v_k + (1 - alpha) w_k on the batch of
/// the step, both as they are before it,
///
///     v_k   <- v_k - lr alpha g
///     alpha <- alpha - lr <g, v_k - w_k>, within [0,1]     (adaptive; each client has its own)
///
/// v_k begins as the model that the client first receives. Personal metrics are of the mixture with the global model.
/// For w_k this is FedAvg bit for bit. The client's statistics are those of the mixture. Deviation: v_k takes plain
/// steps; momentum, weight decay, clipping and penalties are w_k's.
class Apfl : public FederatedAlgorithm {
 public:
  void options(Fields& f) override;
  void check(const OptimizerOptions& local) const override;
  Footprint footprint(const Problem& problem) const override;
  void initial_client_memory(Stream& stream, const Network& network, View<const float> global,
                             View<float> client) const override;
  std::vector<Stage> stages() const override;
  void probe(const LocalStep& step, View<const float> grads, View<float> point) const override;
  void step_aside(const LocalStep& step, View<const float> point, View<const float> grads) const override;
  void keep(const LocalResult& result, View<float> params) const override;
  void personal(const BlockStart& start, View<float> params) const override;

  double alpha = 0.5;
  bool adaptive = false;

 private:
  float alpha_of(Stream& stream, View<const float> memory, std::int64_t m) const;
  /// Models w [M,P] become mixtures with those of the block.
  void mix(Stream& stream, const Network& network, const ClientBlock& block, View<float> models) const;
};

}  // namespace fedscape
