#include <array>
#include <charconv>
#include <optional>
#include <span>

#include "src/nn/builder.hpp"

namespace fedscape::nn {

namespace {

/// n of resnet<6n+2>.
std::optional<int> blocks_of(std::string_view name) {
  constexpr std::string_view kPrefix = "resnet";
  int depth = 0;
  const auto [end, error] = std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(), depth);
  if (error != std::errc() || end != name.data() + name.size() || depth < 8 || (depth - 2) % 6 != 0)
    return std::nullopt;
  const int n = (depth - 2) / 6;
  return n <= 200 ? std::optional(n) : std::nullopt;
}

struct Stages {
  std::span<const int> blocks;
  int channels;                    // of the first stage; each further one doubles them
  std::string_view shortcut;       // A, B, none
  std::string_view shortcut_name;  // of option B: <name>.0 is the convolution, <name>.1 its norm
};

ConvOptions plain_conv(int filters, int kernel, int stride, int pad) {
  ConvOptions options = square(filters, kernel, stride, pad);
  options.bias = false;  // the norm behind it has one
  return options;
}

/// Two 3x3 convolutions and a shortcut (He et al., CVPR 2016): relu(norm(conv(relu(norm(conv(x))))) + shortcut(x)).
void add_block(Builder& b, const std::string& name, const Stages& stages, int filters, int stride) {
  const int from = b.node();
  const bool changes = stride != 1 || b.shape()[2] != filters;
  b.conv(name + ".conv1", plain_conv(filters, 3, stride, 1));
  b.norm(name + ".bn1");
  b.encode(name + ".bn1");
  b.layer(name + ".relu1", relu());
  b.conv(name + ".conv2", plain_conv(filters, 3, 1, 1));
  b.norm(name + ".bn2");
  b.encode(name + ".bn2");
  if (stages.shortcut != "none") {
    const int residual = b.node();
    const std::string shortcut = fmt::format("{}.{}", name, stages.shortcut_name);
    b.go_to(from);
    if (changes && stages.shortcut == "A") b.layer(shortcut, shortcut_a(stride, filters));
    if (changes && stages.shortcut == "B") {
      b.conv(shortcut + ".0", plain_conv(filters, 1, stride, 0));
      b.norm(shortcut + ".1");
      b.encode(shortcut + ".1");
    }
    const int identity = b.node();
    b.go_to(residual);
    b.join(name + ".add", add(), {identity});
  }
  b.layer(name + ".relu2", relu());
}

void add_stages(Builder& b, const Stages& stages) {
  int channels = stages.channels;
  for (std::size_t stage = 0; stage < stages.blocks.size(); ++stage, channels *= 2)
    for (int i = 0; i < stages.blocks[stage]; ++i)
      add_block(b, fmt::format("layer{}.{}", stage + 1, i), stages, b.widened(channels), stage > 0 && i == 0 ? 2 : 1);
  b.layer("avgpool", adaptive_average_pool(1, 1));
  b.layer("flatten", flatten());
}

void check_options(const Builder& b) {
  const std::string& norm = b.options().norm;
  const PanOptions& pan = b.options().pan;
  FEDSCAPE_CHECK(norm == "bn" || norm == "gn", "norm of '{}' is '{}'; expected bn or gn", b.options().name, norm);
  FEDSCAPE_CHECK(!pan.active() || pan.position == "before",
                 "pan_position of '{}' is '{}'; in a ResNet it can only be before", b.options().name, pan.position);
}

}  // namespace

bool is_small_resnet(std::string_view name) { return name.starts_with("resnet") && blocks_of(name).has_value(); }

void build_resnet(Builder& b, std::string_view name) {
  check_options(b);
  const std::string& shortcut = b.options().shortcut;
  FEDSCAPE_CHECK(shortcut == "A" || shortcut == "B" || shortcut == "none", "shortcut is '{}'; expected A, B or none",
                 shortcut);
  const int n = blocks_of(name).value();
  const std::array<int, 3> blocks = {n, n, n};
  b.conv("conv1", plain_conv(b.widened(16), 3, 1, 1));
  b.norm("bn1");
  b.layer("relu", relu());
  add_stages(b, {blocks, 16, shortcut, "shortcut"});
  b.classifier("linear");
}

void build_resnet_wide_stages(Builder& b, std::string_view name) {
  check_options(b);
  const bool deeper = name.starts_with("resnet34"), imagenet = name.ends_with("-imagenet");
  const std::array<int, 4> blocks = deeper ? std::array{3, 4, 6, 3} : std::array{2, 2, 2, 2};
  b.conv("conv1", imagenet ? plain_conv(b.widened(64), 7, 2, 3) : plain_conv(b.widened(64), 3, 1, 1));
  b.norm("bn1");
  b.layer("relu", relu());
  if (imagenet) b.max_pool("maxpool", square_pool(3, 2, 1));
  add_stages(b, {blocks, 64, "B", imagenet ? "downsample" : "shortcut"});
  b.classifier(imagenet ? "fc" : "linear");
}

}  // namespace fedscape::nn
