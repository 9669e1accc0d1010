#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "fedscape/algo/federated/engine.hpp"
#include "fedscape/algo/privacy/renyi.hpp"

namespace fedscape {

/// What bounds and hides a client's part in the model. See `fedscape fl run --help`.
struct PrivacyOptions {
  double clip = 0;   // C
  double noise = 0;  // z
  double delta = 1e-5;
  bool local = false;
  void options(Fields& f);
  bool active() const { return clip > 0; }
  /// An Error names the option that makes no sense, by itself or with these.
  void check(const CohortOptions& cohort, const LocalOptions& training) const;
};

/// Differential privacy of whole clients in federated training: DP-FedAvg (McMahan, Ramage, Talwar and Zhang, ICLR
/// 2018) around any algorithm. The upload u_k [Q] of client k, those of all penalties included, is one vector with one
/// bound:
///
///     u_k <- u_k min(1, C / ||u_k||),     mean upload = (sum_k u_k + z C N(0, I)) / n.
///
/// With `local`, z C N(0, I) is added to each u_k before it leaves the client, and nothing to the sum.
///
/// What epsilon says, by renyi.hpp:
/// - cohorts of fixed size n of K: neighbours are federations that differ in one client's data. Replacing a client
/// moves
///   the sum by up to 2 C, so noise over sensitivity is z / 2; a round is sampled without replacement at rate n / K.
/// - poisson cohorts: neighbours differ in the presence of one client, which moves the sum by up to C: z, at rate n /
/// K;
///   n, the expected number, divides the sum.
/// - local: what a client's uploads tell of its data to whoever sees them, 2 C and z / 2 each; of the client that has
///   been drawn most often so far, and without amplification, as the server knows who took part.
///
/// The bound is on all parts together: SCAFFOLD's controls, FedSign's signs (norm sqrt(P)) and WSA's scopes take their
/// share of it and of the noise. A variance of batch norm that noise made negative becomes 0.
///
/// Weights must be uniform where the sum is noised, or the largest weight would depend on who is there; nor may the
/// server look at single uploads. Numbers of samples and local steps count as public (FedNova's effective steps are
/// made of them), as do the metrics that a simulation reports, the norms before clipping among them. Sums are rounded
/// to multiples of 2^-44 and noise to float32: enough to study accuracy, not for secrets of real people.
class Privacy {
 public:
  /// Of a run over `rounds` rounds; the cohorts are those of sample_cohort.
  Privacy(const PrivacyOptions& options, const CohortOptions& cohort, std::int64_t clients, std::int64_t rounds,
          std::uint64_t seed);

  const PrivacyOptions& options() const { return options_; }
  bool noises_sum() const { return options_.noise > 0 && !options_.local; }
  bool noises_uploads() const { return options_.noise > 0 && options_.local; }
  /// Spent by so many rounds, up to those of the run; infinite without noise.
  double epsilon(std::int64_t rounds) const;

  /// Scales the upload of which these are the parts so that its norm, of all parts together, is at most the bound, also
  /// after rounding. Returns its norm before that.
  double clip(Stream& stream, std::span<const View<float>> parts) const;
  /// Adds noise to the upload [Q] of a client. `address`: of the client's randomness.
  void add_noise(Stream& stream, ClientId address, std::int64_t round, std::span<const View<float>> parts) const;
  /// Adds noise to the mean upload [1,Q] of clients of this weight: the same on every rank and for any threads.
  void add_noise(Workers& workers, std::int64_t round, double weight, View<float> mean) const;
  /// Variances among the statistics of a model [1,P] that noise made negative become 0.
  void mend(Stream& stream, const ParamLayout& layout, View<float> global) const;

 private:
  PrivacyOptions options_;
  std::uint64_t seed_;
  RenyiCurve curve_;                // of one round, or of one upload
  std::vector<std::int64_t> most_;  // local: uploads of the client drawn most often, after each number of rounds
};

}  // namespace fedscape
