#pragma once

#include <vector>

namespace fedscape {

/// Renyi differential privacy (Mironov, CSF 2017) of the Gaussian mechanism: how far the outputs for two neighbouring
/// inputs are apart, as a Renyi divergence of every order alpha > 1. It adds up over rounds. `noise` is the deviation
/// of the noise over the L2 sensitivity, i.e. over the largest distance that neighbours can make to the noiseless
/// output.
struct RenyiCurve {
  std::vector<double> orders, divergences;  // of one round

  /// The least epsilon such that so many rounds are (epsilon, delta)-differentially private, by (Balle, Barthe,
  /// Gaboardi, Hsu and Sato, AISTATS 2020), theorem 21: the minimum over alpha of
  ///
  ///     rounds divergence(alpha) + log(1 - 1 / alpha) - log(delta alpha) / (alpha - 1),     at least 0.
  ///
  /// Infinite without noise; 0 before the first round.
  double epsilon(double rounds, double delta) const;
};

/// Everybody takes part: alpha / (2 noise^2).
RenyiCurve gaussian_curve(double noise);

/// Everybody takes part by a coin of probability `rate`; neighbours: one has a participant more. With
/// u = (2 x - 1) / (2 noise^2) and x normal of deviation `noise` (Mironov, Talwar and Zhang, arXiv 1908.10530, theorem
/// 5),
///
///     log E[(1 + rate (e^u - 1))^alpha] / (alpha - 1).
RenyiCurve poisson_curve(double rate, double noise);

/// As many as always take part, drawn without replacement, `rate` of all; neighbours: of one size, with one participant
/// replaced. For integers alpha (Wang, Balle and Kasiviswanathan, AISTATS 2019, theorems 9 and 27 of arXiv 1808.00087)
///
///     log(1 + sum_{j=2..alpha} binomial(alpha, j) rate^j min{4 sqrt(B(2 floor(j/2)) B(2 ceil(j/2))), 2 e^{(j-1) j / (2
///     noise^2)}}) / (alpha - 1),     B(l) = E[(e^u - 1)^l];
///
/// between them (alpha - 1) divergence(alpha) is convex (their corollary 10). Nor is it above that of gaussian_curve:
/// outputs are mixtures over who was drawn, and Renyi divergences are quasi-convex (van Erven and Harremoes, 2014).
RenyiCurve fixed_curve(double rate, double noise);

}  // namespace fedscape
