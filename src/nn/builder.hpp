#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fedscape/nn/layers.hpp"
#include "fedscape/nn/zoo.hpp"

namespace fedscape::nn {

/// Builds a network of the zoo node by node. Every call adds a layer behind node() unless it says otherwise, and
/// refuses, by the network's name, what no sample could pass.
class Builder {
 public:
  Builder(const NetworkOptions& options, const Shape& sample, int classes);

  const NetworkOptions& options() const { return options_; }
  const Shape& shape() const { return network_.nodes()[static_cast<std::size_t>(node_)].shape; }
  const Shape& sample() const { return network_.sample(); }
  int classes() const { return classes_; }

  int node() const { return node_; }
  void go_to(int node) { node_ = node; }
  /// Samples must be maps [y,x,channels].
  void need_maps() const;

  void layer(std::string name, std::unique_ptr<Layer> layer);
  /// A layer that joins node() and the others.
  void join(std::string name, std::unique_ptr<Layer> layer, const std::vector<int>& others);
  void conv(std::string name, const ConvOptions& options);
  void max_pool(std::string name, const PoolOptions& options);
  void average_pool(std::string name, const PoolOptions& options);
  /// The norm of the options over the channels: batch norm, group norm or none.
  void norm(std::string name);
  /// The position encoding of the options (pan.hpp) behind the layer `name`, none where they leave it out.
  void encode(const std::string& name);
  /// ReLU, with the position encoding before or behind it.
  void activation(const std::string& name);
  /// A dropout layer with the probability of the options, or `published` where they leave it open; none for 0.
  void dropout(std::string name, double probability);
  void published_dropout(std::string name, double published);
  /// The linear layer that ends in the classes.
  void classifier(std::string name);

  /// `channels` times the width of the options, at least 1.
  int widened(int channels) const;
  Network finish();

 private:
  void check_window(const std::string& name, std::int64_t kernel_y, std::int64_t kernel_x, std::int64_t pad_y,
                    std::int64_t pad_x) const;
  void check_size(const std::string& name) const;

  NetworkOptions options_;
  Network network_;
  int classes_, node_ = 0, dropouts_ = 0;
  bool encoded_ = false;
};

/// Names as nn.Sequential gives them: prefix and a counter that each module advances.
class Counter {
 public:
  explicit Counter(std::string prefix) : prefix_(std::move(prefix)) {}
  std::string next() { return prefix_ + std::to_string(count_++); }

 private:
  std::string prefix_;
  int count_ = 0;
};

// The families; each adds its layers up to the classifier. `name` is the option's name.
void build_mlp(Builder& b, std::string_view name);
void build_logistic(Builder& b, std::string_view name);
void build_lenet(Builder& b, std::string_view name);
void build_lenet16(Builder& b, std::string_view name);
void build_cnn(Builder& b, std::string_view name);
void build_fedavgcnn(Builder& b, std::string_view name);
void build_tfcnn(Builder& b, std::string_view name);
void build_femnist(Builder& b, std::string_view name);
void build_vgg(Builder& b, std::string_view name);
void build_vgg9(Builder& b, std::string_view name);
void build_vgg_landscape(Builder& b, std::string_view name);
void build_resnet(Builder& b, std::string_view name);
void build_resnet_wide_stages(Builder& b, std::string_view name);
void build_layer_list(Builder& b, std::string_view name);

/// Whether `name` is resnet<6n+2>, n in 1..200.
bool is_small_resnet(std::string_view name);

}  // namespace fedscape::nn
