#pragma once

#include <span>
#include <string>
#include <string_view>

#include "fedscape/base/fields.hpp"
#include "fedscape/nn/network.hpp"

namespace fedscape {

/// Which network, by name, and what varies within a family. See `fedscape list networks`.
struct NetworkOptions {
  std::string name = "lenet";
  std::string hidden = "200,200";  // mlp: widths of the hidden layers
  double width = 1.0;              // resnet: multiplier of the channel counts
  std::string shortcut = "A";      // resnet 6n+2: A (subsample, zero-pad), B (1x1 convolution), none
  std::string norm = "bn";         // resnet18: bn or gn; vgg: bn or none
  double dropout = 0.0;            // cnn, tfcnn, vgg heads: probability, where the network has dropout layers
  std::string layers;              // name = layers: the list, see layer_list.hpp
  std::string init = "torch";      // see init.hpp
  void options(Fields& f);
};

/// A row of the table that `fedscape list networks` prints.
struct ZooEntry {
  std::string_view name, help;
};
std::span<const ZooEntry> zoo();

/// Builds a network for samples [y,x,c] and C classes. An unknown name is an Error that suggests the nearest one.
Network build_network(const NetworkOptions& options, const Shape& sample, int classes);

}  // namespace fedscape
