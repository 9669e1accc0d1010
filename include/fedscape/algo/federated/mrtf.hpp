#pragma once

#include "fedscape/algo/federated/algorithm.hpp"
#include "fedscape/algo/federated/refinement.hpp"

namespace fedscape {

/// MrTF (Li, Yang and Zhan, DMKD 2023): a transductive federation, whose server holds the unlabelled samples that are
/// to be predicted (the test split) and refines the global model on them.
///
/// Stabilised teachers of a round: the clients' models, with (1 - w_g) times their weights of aggregation (which are
/// 1/M each unless the run says otherwise), and with w_g / 2 each the model sent out and the new mean, where
///     w_g = 0.75 (1 - clip(mean of the last 5 losses, 0, ln C) / ln C),  0 before the first refinement,
/// of training losses of rounds that refine. add_glo = false: the clients' models alone; glo_w = false: all equal.
/// Rectified distillation: teacher t's logits are f_t / (deviation + 1e-8), see rectify(), p_t = softmax(f_t), and its
/// entropy weights a_t(x) = softmax over t of -H_t(x) / temperature, H_t = -sum of p_t ln p_t / C. By mode, q(x) is
///     AvgLogi  softmax(sum w_t f_t)        AvgProb  sum w_t p_t        AvgRef  sum w_t refined(p_t by its features)
///     WeiLogi  softmax(sum w_t a_t f_t)    WeiProb  sum w_t a_t p_t    GloRef  refined(sum w_t p_t by the mean's)
///     ALL      refined(sum w_t a_t p_t by the mean model's features),
/// refined as in refine_labels(). Temporal stabilisation: P <- (1 - w_g) q + w_g P, P = q at first. The mean model
/// learns P / sum of P: see DistilOptions.
///
/// The student is only tested, as in the release (github.com/lxcnju/MrTF at 9c0324a); feed_back makes it the next
/// global model. Ours [OURS]: the temperature, which is 1 there; deviations over the whole server data unless
/// deviation_batch says otherwise (there 10 local batches); teachers seen as in evaluation (there local models still
/// train, which differs for networks with batch norm); losses averaged over all local steps (there over clients first);
/// features are the input of the last linear layer; and noise of dp_sigma on what clients send, so that teachers have
/// it too (there it is only in the mean). As there it is also on variances of batch norm, which it may make negative.
class MrTf : public FederatedAlgorithm {
 public:
  void options(Fields& f) override;
  void check(const OptimizerOptions& local) const override;
  Footprint footprint(const Problem& problem) const override;
  void upload(const LocalResult& result, View<float> upload) const override;
  /// Those of refinement_figures(), and w_g.
  std::vector<Figure> figures() const override;
  void server_update(const ServerStep& step) const override;

  std::string mode = "ALL";
  bool add_glo = true, glo_w = true;
  double dp_sigma = 0, temperature = 1;
  std::int64_t deviation_batch = 0;
  RefinementOptions refinement;

 private:
  std::vector<float> teach(const ServerStep& step, View<const float> received, double w_g,
                           std::span<const float> features) const;
};

/// w_g of MrTf, of the last losses. C is at least 2.
double weight_of_global(std::span<const float> losses, int classes);

}  // namespace fedscape
