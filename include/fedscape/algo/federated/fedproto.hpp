#pragma once

#include "fedscape/algo/federated/local_slots.hpp"

namespace fedscape {

/// FedProto (Tan, Long, Liu, Zhou, Lu, Jiang and Zhang, AAAI 2022): models stay with their clients, who tell each other
/// only how a class looks. To the local loss comes, h_b the features of sample b of F, and p_c of a class that has none
/// counted as h_b itself,
///
///     lambda * mean over the batch of |h_b - p_(y_b)|^2 / F,
///
/// and after training a client sends, of its own samples of each class, as in evaluation, the sum of features and their
/// number. The server's prototypes are the means over all samples of the round, and with `decay` remember earlier ones,
///
///     p_c <- decay p_c + (1 - decay) mean of h over the samples of class c;
///
/// a class that nobody had keeps its own. The first prototype of a class is its mean. lambda = 0: everybody trains
/// alone. The server's model stays the initial one: the models to judge are the personal ones.
///
/// Deviations: the release of the authors takes prototypes of a client from the batches of its last epoch, while the
/// model moves, and their mean over clients, where the paper weights by samples as here; that of MAP (decay = 0.5)
/// draws the mean features of a batch's classes, not each sample's, by the sum over F.
class FedProto : public LocalSlots {
 public:
  bool is_local(const ParamSlot&) const override { return true; }

  void options(Fields& f) override;
  void check(const OptimizerOptions& local) const override;
  Footprint footprint(const Problem& problem) const override;
  std::vector<Stage> stages() const override;
  double weight(std::int64_t samples, bool by_samples) const override;
  void loss(const LocalStep& step, const Outputs& out, OutputGrads& grads, View<float> loss) const override;
  void upload(const LocalResult& result, View<float> upload) const override;
  void server_update(const ServerStep& step) const override;

  double lambda = 1, decay = 0;
};

}  // namespace fedscape
