#pragma once

#include "fedscape/algo/federated/algorithm.hpp"
#include "fedscape/algo/federated/refinement.hpp"

namespace fedscape {

/// FedDF, ensemble distillation (Lin et al., NeurIPS 2020).
///
/// With f_t(x) the logits of client t's model for an unlabelled server sample x, the mean model learns
///
///     q(x) = softmax(sum over t of w_t f_t(x)),   w_t the weights of aggregation,
///
/// sharpened to q^power / sum of q^power, and is the next global model. The server data is the test split
/// (transductive).
///
/// power = 1 are the paper's labels. What follows is MrTF's authors' release instead (github.com/lxcnju/MrTF): 0.75,
/// and the student's steps (see DistilOptions), where the paper stops early on held-out data. feed_back is the paper's;
/// in that release the student is only tested. Teachers are seen as in evaluation; there local models still train,
/// which differs for networks with batch norm. With other clients' weights than uniform, those weigh the logits too.
class FedDf : public FederatedAlgorithm {
 public:
  FedDf() { refinement.feed_back = true; }
  void options(Fields& f) override;
  void check(const OptimizerOptions& local) const override;
  Footprint footprint(const Problem& problem) const override;
  std::vector<Figure> figures() const override { return refinement_figures(); }
  void server_update(const ServerStep& step) const override;

  double power = 0.75;
  RefinementOptions refinement;
};

}  // namespace fedscape
