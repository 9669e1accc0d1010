#include "src/nn/builder.hpp"
#include "src/nn/text.hpp"

namespace fedscape::nn {

namespace {

constexpr std::int64_t kWidest = 65536;

/// The head of lxcnju/MrTF: linear layers of the given widths with ReLU between, then the classes.
void mlp_head(Builder& b, std::initializer_list<int> widths) {
  Counter name("classifier.");
  for (const int width : widths) {
    b.layer(name.next(), linear(width));
    b.activation(name.next());
  }
  b.classifier(name.next());
}

}  // namespace

void build_mlp(Builder& b, std::string_view) {
  Counter name("encoder.");
  b.layer(name.next(), flatten());
  std::string_view rest = b.options().hidden;
  for (int layers = 1; !rest.empty(); ++layers) {
    const std::string_view piece = next_piece(rest, ',');
    const std::optional<std::int64_t> width = to_integer(piece);
    FEDSCAPE_CHECK(width && *width > 0 && *width <= kWidest && layers <= 1000,
                   "hidden is '{}'; expected up to 1000 widths of 1 to {} with commas between, not '{}'",
                   b.options().hidden.substr(0, 200), kWidest, piece);
    b.layer(name.next(), linear(static_cast<int>(*width)));
    b.activation(name.next());
  }
  b.classifier("classifier");
}

void build_logistic(Builder& b, std::string_view) {
  b.layer("flatten", flatten());
  b.classifier("linear");
}

// Samples of 28 x 28 are padded to the 32 x 32 that LeNet-5 was made for.
void build_lenet(Builder& b, std::string_view) {
  const int pad = b.sample()[0] == 28 && b.sample()[1] == 28 ? 2 : 0;
  b.conv("conv1", square(6, 5, 1, pad));
  b.activation("relu1");
  b.max_pool("pool1", square_pool(2, 2));
  b.conv("conv2", square(16, 5));
  b.activation("relu2");
  b.max_pool("pool2", square_pool(2, 2));
  b.layer("flatten", flatten());
  b.layer("fc1", linear(120));
  b.activation("relu3");
  b.layer("fc2", linear(84));
  b.activation("relu4");
  b.classifier("fc3");
}

void build_lenet16(Builder& b, std::string_view name) {
  Counter encoder("encoder.");
  for (int i = 0; i < 2; ++i) {
    b.conv(encoder.next(), square(16, 5));
    b.activation(encoder.next());
    b.max_pool(encoder.next(), square_pool(2, 2));
  }
  b.layer(encoder.next(), flatten());
  if (name.ends_with("-mlp"))
    mlp_head(b, {120, 84});
  else
    b.classifier("classifier");
}

void build_cnn(Builder& b, std::string_view) {
  Counter module("");
  module.next();  // there: from channels last to channels first
  b.conv(module.next(), square(32, 3));
  b.activation(module.next());
  b.conv(module.next(), square(64, 3));
  b.activation(module.next());
  b.max_pool(module.next(), square_pool(2, 2));
  b.published_dropout(module.next(), 0.25);
  b.layer(module.next(), flatten());
  b.layer(module.next(), linear(128));
  b.activation(module.next());
  b.published_dropout(module.next(), 0.5);
  b.classifier(module.next());
}

void build_fedavgcnn(Builder& b, std::string_view) {
  for (const int i : {1, 2}) {
    Counter module("conv" + std::to_string(i) + ".");
    b.conv(module.next(), square(32 * i, 5));
    b.activation(module.next());
    b.max_pool(module.next(), square_pool(2, 2));
  }
  b.layer("flatten", flatten());
  b.layer("fc1.0", linear(512));
  b.activation("fc1.1");
  b.classifier("fc");
}

void build_tfcnn(Builder& b, std::string_view name) {
  Counter encoder("encoder.");
  for (const int filters : {32, 64, 64}) {
    b.conv(encoder.next(), square(filters, 3, 1, 1));
    b.activation(encoder.next());
    b.max_pool(encoder.next(), square_pool(2, 2));
  }
  b.layer(encoder.next(), flatten());
  if (name.ends_with("-mlp"))
    mlp_head(b, {128});
  else
    b.classifier("classifier");
}

void build_femnist(Builder& b, std::string_view name) {
  Counter encoder("encoder.");
  b.conv(encoder.next(), square(32, 5, 1, 2));
  b.activation(encoder.next());
  b.max_pool(encoder.next(), square_pool(2, 2));
  b.conv(encoder.next(), square(64, 5, 1, 2));
  b.activation(encoder.next());
  b.layer(encoder.next(), adaptive_average_pool(4, 4));
  b.layer(encoder.next(), flatten());
  if (name.ends_with("-mlp"))
    mlp_head(b, {512});
  else
    b.classifier("classifier");
}

}  // namespace fedscape::nn
