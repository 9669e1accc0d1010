#include "fedscape/nn/zoo.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "fedscape/base/suggest.hpp"
#include "src/nn/builder.hpp"

namespace fedscape {

namespace {

using Build = void (*)(nn::Builder&, std::string_view name);

struct Row {
  ZooEntry entry;
  Build build;
  bool maps = true;  // needs samples [y,x,c]
};

constexpr Row kRows[] = {
    {{"mlp", "linear layers with ReLU; widths: hidden"}, nn::build_mlp, false},
    {{"logistic", "one linear layer"}, nn::build_logistic, false},
    {{"lenet", "conv5 6, pool, conv5 16, pool, 120, 84, C: LeNet-5, 28x28 padded by 2; 61,706 parameters on MNIST"},
     nn::build_lenet},
    {{"lenet16", "conv5 16, pool, conv5 16, pool, C"}, nn::build_lenet16},
    {{"lenet16-mlp", "conv5 16, pool, conv5 16, pool, 120, 84, C"}, nn::build_lenet16},
    {{"cnn", "conv3 32, conv3 64, pool, dropout .25, 128, dropout .5, C: pfl-research; 1,626,442 on CIFAR-10"},
     nn::build_cnn},
    {{"fedavgcnn", "conv5 32, pool, conv5 64, pool, 512, C: PFLlib"}, nn::build_fedavgcnn},
    {{"tfcnn", "three times conv3 (32, 64, 64) and pool, C"}, nn::build_tfcnn},
    {{"tfcnn-mlp", "three times conv3 (32, 64, 64) and pool, 128, C"}, nn::build_tfcnn},
    {{"femnist", "conv5 32, pool, conv5 64, average pool to 4x4, C"}, nn::build_femnist},
    {{"femnist-mlp", "conv5 32, pool, conv5 64, average pool to 4x4, 512, C"}, nn::build_femnist},
    {{"vgg8", "five conv3 with norm and pool, C"}, nn::build_vgg},
    {{"vgg9", "six conv3 with norm, three pools, 512, 512, C"}, nn::build_vgg9},
    {{"vgg11", "eight conv3 with norm, five pools, C"}, nn::build_vgg},
    {{"vgg13", "ten conv3 with norm, five pools, C"}, nn::build_vgg},
    {{"vgg16", "thirteen conv3 with norm, five pools, C"}, nn::build_vgg},
    {{"vgg19", "sixteen conv3 with norm, five pools, C"}, nn::build_vgg},
    {{"vgg8-mlp", "vgg8 with the head 512, 512, C and dropout .5"}, nn::build_vgg},
    {{"vgg11-mlp", "vgg11 with the head 512, 512, C and dropout .5"}, nn::build_vgg},
    {{"vgg13-mlp", "vgg13 with the head 512, 512, C and dropout .5"}, nn::build_vgg},
    {{"vgg16-mlp", "vgg16 with the head 512, 512, C and dropout .5"}, nn::build_vgg},
    {{"vgg19-mlp", "vgg19 with the head 512, 512, C and dropout .5"}, nn::build_vgg},
    {{"vgg9-landscape", "loss-landscape's VGG-9: seven conv3 with norm, 256 with norm, C; 2,789,706 on CIFAR-10"},
     nn::build_vgg_landscape},
    {{"vgg16-landscape", "loss-landscape's VGG-16"}, nn::build_vgg_landscape},
    {{"vgg19-landscape", "loss-landscape's VGG-19"}, nn::build_vgg_landscape},
    {{"resnet8", "ResNet 6n+2 for small images (and resnet14, 26, 38, ...): shortcut, norm, width"}, nn::build_resnet},
    {{"resnet20", "n = 3; 269,722 parameters on CIFAR-10, 272,474 with shortcut B"}, nn::build_resnet},
    {{"resnet32", "n = 5"}, nn::build_resnet},
    {{"resnet44", "n = 7"}, nn::build_resnet},
    {{"resnet56", "n = 9"}, nn::build_resnet},
    {{"resnet110", "n = 18"}, nn::build_resnet},
    {{"resnet18", "ResNet-18 for small images (3x3 stem, no first pool): norm, groups, width"},
     nn::build_resnet_wide_stages},
    {{"resnet34", "ResNet-34 for small images"}, nn::build_resnet_wide_stages},
    {{"resnet18-imagenet", "torchvision's ResNet-18"}, nn::build_resnet_wide_stages},
    {{"resnet34-imagenet", "torchvision's ResNet-34"}, nn::build_resnet_wide_stages},
    {{"layers", "the list of layers in the option layers"}, nn::build_layer_list, false},
};

constexpr auto kEntries = [] {
  std::array<ZooEntry, std::size(kRows)> entries;
  for (std::size_t i = 0; i < entries.size(); ++i) entries[i] = kRows[i].entry;
  return entries;
}();

const Row& row_of(std::string_view name) {
  // Any depth 6n+2 will do, of which the table names the usual ones.
  const std::string_view row = nn::is_small_resnet(name) ? "resnet20" : name;
  const auto found =
      std::find_if(std::begin(kRows), std::end(kRows), [&](const Row& r) { return r.entry.name == row; });
  if (found != std::end(kRows)) return *found;
  std::vector<std::string_view> names;
  for (const ZooEntry& entry : kEntries) names.push_back(entry.name);
  fail(fmt::format("there is no network '{}'{}", name.substr(0, 80), suggestion(name.substr(0, 80), names)));
}

}  // namespace

void NetworkOptions::options(Fields& f) {
  f.field("name", name, "network; see `fedscape list networks`");
  f.field("hidden", hidden, "mlp: widths of the hidden layers");
  f.field("width", width, "resnets: multiplier of the channel counts");
  f.field("shortcut", shortcut, "resnet 6n+2: A (subsample, zero-pad), B (1x1 convolution) or none");
  f.field("norm", norm, "resnets: bn or gn; vgg: bn, gn or none");
  f.field("groups", groups, "groups of channels of gn");
  f.field("dropout", dropout, "probability of every dropout layer; 0: none, -1: as published");
  f.field("classifier_bias", classifier_bias, "whether the last layer has a bias");
  f.field("layers", layers, "network = layers: e.g. conv 32 3, relu, pool 2, flatten, linear 128, relu, linear");
  pan.options(f);
  f.field("init", init, "initial parameters: torch, authors, xavier or landscape");
}

std::span<const ZooEntry> zoo() { return kEntries; }

Network build_network(const NetworkOptions& options, const Shape& sample, int classes) {
  const Row& row = row_of(options.name);
  nn::Builder builder(options, sample, classes);
  if (row.maps) builder.need_maps();
  row.build(builder, options.name);
  return builder.finish();
}

}  // namespace fedscape
