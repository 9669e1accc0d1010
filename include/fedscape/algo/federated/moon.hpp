#pragma once

#include "fedscape/algo/federated/algorithm.hpp"

namespace fedscape {

/// MOON, model-contrastive learning (Li, He and Song, CVPR 2021): what a client sees in a sample should be nearer to
/// what the received model sees than to what its own model of last time saw. With features z, z_g and z_p of the three,
/// each client's loss gets, as a mean over the batch,
///
///     mu * -ln( e^(cos(z, z_g) / t) / (e^(cos(z, z_g) / t) + e^(cos(z, z_p) / t)) ).
///
/// A client remembers the model it last trained; before, that is the one it receives, and the term has no gradient. The
/// other two models are seen as in evaluation. mu = 0 is FedAvg. Deviation: features are the input of the classifier,
/// as in the FedRepo release, where the paper adds a projection head.
class Moon : public FederatedAlgorithm {
 public:
  void options(Fields& f) override;
  void check(const OptimizerOptions& local) const override;
  Footprint footprint(const Problem& problem) const override;
  std::vector<Stage> stages() const override;
  void initial_client_memory(Stream& stream, const Network& network, View<const float> global,
                             View<float> client) const override;
  void other(const BlockStart& start, int which, View<float> params) const override;
  void loss(const LocalStep& step, const Outputs& out, OutputGrads& grads, View<float> loss) const override;
  void upload(const LocalResult& result, View<float> upload) const override;

  double mu = 1, temperature = 0.5;
};

}  // namespace fedscape
