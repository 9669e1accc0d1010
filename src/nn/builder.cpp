#include "src/nn/builder.hpp"

#include <algorithm>
#include <cmath>

namespace fedscape::nn {

namespace {

/// Floats of one sample behind any layer, and parameters of a model: below these no size overflows.
constexpr std::int64_t kLargestSample = std::int64_t{1} << 28, kMostParameters = std::int64_t{1} << 31;

}  // namespace

Builder::Builder(const NetworkOptions& options, const Shape& sample, int classes)
    : options_(options), network_(sample), classes_(classes) {
  FEDSCAPE_CHECK(classes > 0 && classes <= 65536, "network '{}' for {} classes; expected 1 to 65536", options.name,
                 classes);
  bool fits = sample.rank() >= 1 && sample.rank() <= 3;
  std::int64_t size = 1;
  for (const std::int64_t extent : sample.extents()) {
    fits = fits && extent > 0 && extent <= kLargestSample / size;
    if (fits) size *= extent;
  }
  FEDSCAPE_CHECK(fits, "network '{}' for samples {}; expected [y,x,channels] or [features], none of them 0",
                 options.name, sample.text());
  FEDSCAPE_CHECK(options.width > 0 && options.width <= 64, "width is {}; it must be in (0,64]", options.width);
  FEDSCAPE_CHECK(options.dropout == -1 || (options.dropout >= 0 && options.dropout < 1),
                 "dropout is {}; it must be in [0,1), or -1 for the published one", options.dropout);
  options.pan.check();
  FEDSCAPE_CHECK(options.groups > 0 && options.groups <= 65536, "groups is {}; it must be in 1..65536", options.groups);
}

void Builder::need_maps() const {
  FEDSCAPE_CHECK(sample().rank() == 3, "network '{}' needs samples [y,x,channels], not {}", options_.name,
                 sample().text());
}

void Builder::check_size(const std::string& name) const {
  FEDSCAPE_CHECK(shape().size() <= kLargestSample && network_.layout().size() <= kMostParameters,
                 "network '{}': {} makes {} numbers of a sample with {} parameters up to here; at most {} and {}",
                 options_.name, name, shape().size(), network_.layout().size(), kLargestSample, kMostParameters);
}

void Builder::layer(std::string name, std::unique_ptr<Layer> layer) {
  node_ = network_.add(name, std::move(layer), {node_});
  check_size(name);
}

void Builder::join(std::string name, std::unique_ptr<Layer> layer, const std::vector<int>& others) {
  std::vector<int> inputs = {node_};
  inputs.insert(inputs.end(), others.begin(), others.end());
  node_ = network_.add(name, std::move(layer), std::move(inputs));
  check_size(name);
}

void Builder::check_window(const std::string& name, std::int64_t kernel_y, std::int64_t kernel_x, std::int64_t pad_y,
                           std::int64_t pad_x) const {
  FEDSCAPE_CHECK(shape().rank() == 3, "network '{}': {} needs maps [y,x,channels], not {}", options_.name, name,
                 shape().text());
  FEDSCAPE_CHECK(shape()[0] + 2 * pad_y >= kernel_y && shape()[1] + 2 * pad_x >= kernel_x,
                 "samples {} are too small for network '{}': at {} the map is {}x{} and the window {}x{}",
                 sample().text(), options_.name, name, shape()[0], shape()[1], kernel_y, kernel_x);
}

void Builder::conv(std::string name, const ConvOptions& o) {
  check_window(name, std::int64_t{o.dilation_y} * (o.kernel_y - 1) + 1,
               std::int64_t{o.dilation_x} * (o.kernel_x - 1) + 1, o.pad_y, o.pad_x);
  layer(std::move(name), fedscape::conv(o));
}

void Builder::max_pool(std::string name, const PoolOptions& o) {
  check_window(name, o.kernel_y, o.kernel_x, o.pad_y, o.pad_x);
  layer(std::move(name), fedscape::max_pool(o));
}

void Builder::average_pool(std::string name, const PoolOptions& o) {
  check_window(name, o.kernel_y, o.kernel_x, o.pad_y, o.pad_x);
  layer(std::move(name), fedscape::average_pool(o));
}

void Builder::norm(std::string name) {
  if (options_.norm == "bn") layer(std::move(name), batch_norm());
  if (options_.norm == "gn") layer(std::move(name), group_norm(static_cast<int>(options_.groups)));
}

void Builder::encode(const std::string& name) {
  if (!options_.pan.active()) return;
  layer(name + ".pan", position_encoding(options_.pan));
  encoded_ = true;
}

void Builder::activation(const std::string& name) {
  const bool after = options_.pan.position == "after";
  if (!after) encode(name);
  layer(name, relu());
  if (after) encode(name);
}

void Builder::dropout(std::string name, double probability) {
  if (probability > 0) layer(std::move(name), fedscape::dropout(static_cast<float>(probability), dropouts_++));
}

void Builder::published_dropout(std::string name, double published) {
  dropout(std::move(name), options_.dropout < 0 ? published : options_.dropout);
}

void Builder::classifier(std::string name) { layer(std::move(name), linear(classes_, options_.classifier_bias)); }

int Builder::widened(int channels) const {
  return std::max(1, static_cast<int>(std::lround(channels * options_.width)));
}

Network Builder::finish() {
  FEDSCAPE_CHECK(encoded_ || !options_.pan.active(),
                 "pan is '{}', but network '{}' has no layer to encode (in a list of layers: pan)", options_.pan.kind,
                 options_.name);
  network_.finish();
  return std::move(network_);
}

}  // namespace fedscape::nn
