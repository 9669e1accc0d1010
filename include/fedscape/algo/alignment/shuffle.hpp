#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fedscape/algo/evaluate.hpp"
#include "fedscape/base/fields.hpp"
#include "fedscape/nn/neurons.hpp"

namespace fedscape {

/// A random permutation of the neurons of every group, as Neurons::permute takes it (Li et al., CVPR 2022, released
/// code): for i = 0..J-1 in order, j uniform in [i, min(J-1, i + int(ratio * J))], and with `probability` i and j
/// change places. ratio = probability = 1: every order is equally likely.
std::vector<int> partial_shuffle(const Neurons& neurons, double ratio, double probability, Draws& draws);
/// The same into from [neurons.size()].
void partial_shuffle(const Neurons& neurons, double ratio, double probability, Draws& draws, std::span<int> from);

/// The shuffle test (Li et al., CVPR 2022): what is left of a model when its neurons change places, partially, for
/// every ratio and probability, several times. Without position encodings all is left.
struct ShuffleTestOptions {
  std::string ratios = "0,0.01,0.02,0.03,0.05,0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9,1";
  std::string probabilities = "0,0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9,1";
  std::int64_t repeats = 3;
  void options(Fields& f);
  /// An Error says which option is out of its range.
  void check() const;
  std::vector<double> ratio_values() const;
  std::vector<double> probability_values() const;
};

/// One shuffled model.
struct ShuffleResult {
  double accuracy = 0, loss = 0;  // percent; mean cross-entropy
  double difference = 0;  // of the logits: root of (sum (z' - z)^2 / sum z^2) over samples and classes, z unshuffled
};

/// The results at [ratio][probability][repeat], behind them the one of the model as it is. Params [P] in host memory.
/// Permutations are addressed by their place, samples are summed in order: the same bits on every rank, whatever their
/// number. Collective.
std::vector<ShuffleResult> shuffle_test(Workers& workers, Communicator& comm, const Network& network,
                                        std::span<const float> params, const Dataset& data,
                                        const ShuffleTestOptions& options, std::uint64_t seed);

}  // namespace fedscape
