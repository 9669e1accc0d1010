#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "fedscape/data/dataset.hpp"
#include "fedscape/nn/network.hpp"

namespace fedscape {

/// How far the neurons of two models stand in the same places (Li et al., CVPR 2022): each neuron of one model is
/// assigned to one of the other, so that what they do is nearest in sum (squared Euclidean distance, assignment.hpp);
/// the share of those that are assigned to the same place is 1 where neurons are aligned, about 1/J where they are not.
/// What a neuron j does is told by
///
///     weights:      its row of the layer's weight, and its bias
///     activations:  a_j on every sample of a probe set, the largest over positions
///     preferences:  p_jc = mean over the samples of class c of -a_j * dLoss/da_j, summed over positions
///
/// a_j is taken behind the ReLU of the layer; there a * dLoss/da is what it is before. Activations are those of
/// evaluation. [OURS] Preferences are taken as in a training step (statistics of the batch, the same dropout for all
/// models), as a batch norm has no gradient with fixed statistics here.
struct HiddenLayer {
  std::string name;
  int node = 0, activation = 0;  // the convolution or linear layer; the ReLU behind it, or the last node before a fork
  int neurons = 0;
};
/// All convolutions and linear layers but the classifier.
std::vector<HiddenLayer> hidden_layers(const Network& network);

/// What the neurons of a layer do: values [neurons, size].
struct NeuronFeatures {
  int neurons = 0;
  std::vector<float> values;
};

/// One for each hidden layer. Params [P] in host memory.
std::vector<NeuronFeatures> weight_features(const Network& network, std::span<const float> params);
/// The same from a pass over the first `samples` samples of a data set: activations, or preferences [neurons, C].
std::vector<NeuronFeatures> activation_features(Stream& stream, const Network& network, std::span<const float> params,
                                                const Dataset& probe, std::int64_t samples);
std::vector<NeuronFeatures> preference_features(Stream& stream, const Network& network, std::span<const float> params,
                                                const Dataset& probe, std::int64_t samples);

/// The share of neurons that are assigned to their own place.
double share_in_place(const NeuronFeatures& a, const NeuronFeatures& b);

}  // namespace fedscape
