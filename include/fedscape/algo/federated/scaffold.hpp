#pragma once

#include "fedscape/algo/federated/algorithm.hpp"

namespace fedscape {

/// SCAFFOLD (Karimireddy, Kale, Mohri, Reddi, Stich and Suresh, ICML 2020), with option II for the controls: every
/// client remembers a control c_k, the server c, which take the drift out of local steps. With x the received and y the
/// trained model after T steps at rate eta, S of K clients:
///
///     gradient:  g + c - c_k
///     c_k' = c_k - c + (x - y) / (T eta)
///     x <- x + server_lr * mean(y - x),     c <- c + S / K * mean(c_k' - c_k).
///
/// The division takes the steps for plain ones: with momentum m what moves is up to 1 / (1 - m) times larger, controls
/// overshoot, and training may diverge; authors' releases switch momentum off. All controls begin at 0. Statistics have
/// no controls. In a round with eta = 0 controls stay: it tells nothing.
class Scaffold : public FederatedAlgorithm {
 public:
  void options(Fields& f) override;
  std::string warning(const OptimizerOptions& local) const override;
  Footprint footprint(const Problem& problem) const override;
  void correct_gradient(const LocalStep& step, View<float> grads) const override;
  void upload(const LocalResult& result, View<float> upload) const override;
  void server_update(const ServerStep& step) const override;

  double server_lr = 1;
};

}  // namespace fedscape
