#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "fedscape/base/fields.hpp"
#include "fedscape/comm/communicator.hpp"
#include "fedscape/data/dataset.hpp"
#include "fedscape/data/partition.hpp"
#include "fedscape/device/workers.hpp"
#include "fedscape/nn/network.hpp"

namespace fedscape {

/// CCVR (Luo, Chen, Hu, Zhang, Liang and Feng, NeurIPS 2021), classifier calibration with virtual representations: when
/// a federation is trained, by whatever algorithm, clients tell how many samples of each class they have and which mean
/// and covariance their features have in the global model, as in evaluation. The server pools them,
///
///     N_c = sum n_kc,  mu_c = sum n_kc mu_kc / N_c,
///     Sigma_c = (sum (n_kc - 1) Sigma_kc + sum n_kc mu_kc mu_kc^T - N_c mu_c mu_c^T) / (N_c - 1),
///
/// draws features of each class from N(mu_c, Sigma_c), and trains the classifier on them by SGD from where it stands;
/// the features stay. A class that nobody has gets no virtual features, one of a single sample has Sigma_c = 0.
///
/// [OURS] Covariances are summed around mu_c in a second pass, which is the same without cancellation; numbers of
/// features and steps, which the paper leaves open, are options. Without its transformation of features (beta = 1).
struct CcvrOptions {
  std::int64_t virtual_samples = 500, batch = 64;  // of each class; of a step
  double epochs = 10, lr = 0.01, momentum = 0.9;
  void options(Fields& f);
  /// An Error says which option is out of its range.
  void check() const;
};

/// Features by class: samples [C], mean [C,F], and the lower triangles of the covariances [C, F (F + 1) / 2], row by
/// row.
struct ClassGaussians {
  std::int64_t classes = 0, features = 0;
  std::vector<std::int64_t> samples;
  std::vector<double> mean, covariance;
};

/// Pooled over the training samples of all clients, as params [1,P] see them. The same on every rank, with any number
/// of ranks and threads. Collective.
ClassGaussians class_gaussians(Workers& workers, Communicator& comm, const Network& network, View<const float> params,
                               const Dataset& data, const Clients& clients);

/// `count` features of each class that has samples, class by class, with their labels.
Dataset virtual_features(const ClassGaussians& gaussians, std::int64_t count, std::uint64_t seed);

/// params [P] with a classifier trained on virtual features.
std::vector<float> calibrated(Stream& stream, const Network& network, std::span<const float> params,
                              const ClassGaussians& gaussians, const CcvrOptions& options, std::uint64_t seed);

}  // namespace fedscape
