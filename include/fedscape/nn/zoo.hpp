#pragma once

#include <span>
#include <string>
#include <string_view>

#include "fedscape/base/fields.hpp"
#include "fedscape/nn/network.hpp"
#include "fedscape/nn/pan.hpp"

namespace fedscape {

/// Which network, by name, and what varies within a family. See `fedscape list networks`.
struct NetworkOptions {
  std::string name = "lenet";
  std::string hidden = "200,200";  // mlp: widths of the hidden layers
  double width = 1.0;              // resnets: multiplier of the channel counts
  std::string shortcut = "A";      // resnet 6n+2: A (subsample, zero-pad), B (1x1 convolution), none
  std::string norm = "bn";         // resnets: bn or gn; vgg: bn, gn or none
  std::int64_t groups = 2;         // gn: groups of channels
  double dropout = -1.0;           // probability of every dropout layer; 0: none, -1: as published
  bool classifier_bias = true;     // whether the last layer has a bias (restricted softmax wants none)
  std::string layers;              // name = layers: the list, see layer_list.hpp
  PanOptions pan;                  // position-aware neurons
  std::string init = "torch";      // see init.hpp
  void options(Fields& f);
};

/// A row of the table that `fedscape list networks` prints.
struct ZooEntry {
  std::string_view name, help;
};
std::span<const ZooEntry> zoo();

/// Builds a network for samples [y,x,c] (an mlp also [features]) and C classes. An unknown name is an Error that
/// suggests the nearest one; samples too small for the network are one that says where nothing is left of them.
///
/// Parameters have the names of the PyTorch code that the networks come from:
///   mlp         encoder.1, encoder.3, ..., classifier            lxcnju/MAP (hidden 1024,1024,128: its MLPNet)
///   logistic    linear                                           microsoft/msrflute
///   lenet       conv1, conv2, fc1, fc2, fc3                      LeCun et al., Proc. IEEE 1998, as PyTorch's tutorial
///   lenet16     encoder.0, encoder.3, classifier                 lxcnju/MAP
///   tfcnn       encoder.0, encoder.3, encoder.6, classifier      lxcnju/MAP
///   femnist     encoder.0, encoder.3, classifier                 lxcnju/MAP
///   cnn         1, 3, 8, 11                                      apple/pfl-research
///   fedavgcnn   conv1.0, conv2.0, fc1.0, fc                      TsingZ0/PFLlib
///   vgg         encoder.0.0, encoder.0.<i>, classifier           lxcnju/MAP
///   vgg9        layers.0, layers.<i>                             lxcnju/FedPAN
///   *-mlp       as above, but classifier.0, classifier.2, ...    lxcnju/MrTF
///   *-landscape features.<i>, fc.0, fc.1, classifier             tomgoldstein/loss-landscape
///   resnet6n+2  conv1, bn1, layer1.0.conv1, ..., linear          akamaster/pytorch_resnet_cifar10; shortcut.0, .1
///   resnet18    the same with layer4                             tomgoldstein/loss-landscape; shortcut.0, .1
///   resnet18-imagenet   the same, downsample.0, .1, fc           torchvision
/// Group norms take the names of the batch norms whose place they have.
Network build_network(const NetworkOptions& options, const Shape& sample, int classes);

}  // namespace fedscape
