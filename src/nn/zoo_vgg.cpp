#include <charconv>
#include <vector>

#include "src/nn/builder.hpp"

namespace fedscape::nn {

namespace {

constexpr int kPool = 0;  // among the widths of the convolutions

/// Convolutions per stage of 64, 128, 256, 512 and 512 filters (Simonyan and Zisserman, ICLR 2015, A to E without the
/// linear layers; 8 has one each).
std::vector<int> widths_of(int depth) {
  std::vector<int> stages;
  if (depth == 8) stages = {1, 1, 1, 1, 1};
  if (depth == 11) stages = {1, 1, 2, 2, 2};
  if (depth == 13) stages = {2, 2, 2, 2, 2};
  if (depth == 16) stages = {2, 2, 3, 3, 3};
  if (depth == 19) stages = {2, 2, 4, 4, 4};
  std::vector<int> widths;
  int filters = 64;
  for (const int convolutions : stages) {
    widths.insert(widths.end(), static_cast<std::size_t>(convolutions), filters);
    widths.push_back(kPool);
    filters = std::min(512, 2 * filters);
  }
  return widths;
}

int depth_of(std::string_view name) {
  int depth = 0;
  std::from_chars(name.data() + 3, name.data() + name.size(), depth);
  return depth;
}

/// Convolutions with norm and ReLU, and pools. A norm that is left out takes no number, as in the originals.
void add_stages(Builder& b, Counter& name, const std::vector<int>& widths, bool ceil_mode) {
  for (const int filters : widths) {
    if (filters == kPool) {
      PoolOptions pool = square_pool(2, 2);
      pool.ceil_mode = ceil_mode;
      b.max_pool(name.next(), pool);
      continue;
    }
    b.conv(name.next(), square(filters, 3, 1, 1));
    if (b.options().norm != "none") b.norm(name.next());
    b.activation(name.next());
  }
}

void check_norm(const Builder& b) {
  const std::string& norm = b.options().norm;
  FEDSCAPE_CHECK(norm == "bn" || norm == "gn" || norm == "none", "norm of '{}' is '{}'; expected bn, gn or none",
                 b.options().name, norm);
}

}  // namespace

void build_vgg(Builder& b, std::string_view name) {
  check_norm(b);
  Counter encoder("encoder.0.");
  add_stages(b, encoder, widths_of(depth_of(name)), false);
  b.layer("encoder.1", flatten());
  if (!name.ends_with("-mlp")) return b.classifier("classifier");
  Counter head("classifier.");
  for (int i = 0; i < 2; ++i) {
    b.layer(head.next(), linear(512));
    b.activation(head.next());
    b.published_dropout(head.next(), 0.5);
  }
  b.classifier(head.next());
}

void build_vgg9(Builder& b, std::string_view) {
  check_norm(b);
  Counter layers("layers.");
  add_stages(b, layers, {32, 64, kPool, 128, 128, kPool, 256, 256, kPool}, false);
  b.layer(layers.next(), flatten());
  for (int i = 0; i < 2; ++i) {
    b.layer(layers.next(), linear(512));
    b.activation(layers.next());
  }
  b.classifier(layers.next());
}

void build_vgg_landscape(Builder& b, std::string_view name) {
  FEDSCAPE_CHECK(b.options().norm == "bn", "norm of '{}' is '{}'; it always has bn", name, b.options().norm);
  const int depth = depth_of(name);
  const std::vector<int> nine = {64, 64, kPool, 128, 128, kPool, 256, 256, 256, kPool};
  Counter features("features.");
  add_stages(b, features, depth == 9 ? nine : widths_of(depth), true);
  const int channels = static_cast<int>(b.shape()[2]);
  b.layer("flatten", flatten());
  b.layer("fc.0", linear(channels));
  b.layer("fc.1", batch_norm());
  b.activation("fc.2");
  b.classifier("classifier");
}

}  // namespace fedscape::nn
