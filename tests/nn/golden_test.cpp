// Training steps against PyTorch in float64; tests/golden/networks.py says what the files hold.
#include <gtest/gtest.h>

#include <cmath>

#include "fedscape/nn/sgd.hpp"
#include "fedscape/nn/zoo.hpp"
#include "fedscape/ops/loss.hpp"
#include "tests/support/golden.hpp"

namespace fedscape {
namespace {

using nlohmann::json;

/// |a - b| / |b| of a tensor b known by norm and projections, estimated to about 1/8 (32 projections).
double relative_error(std::span<const float> a, const json& b) {
  const std::vector<double> sums = test::golden_projections(a);
  double squares = 0;
  for (std::size_t j = 0; j < sums.size(); ++j) squares += std::pow(sums[j] - b["projections"][j].get<double>(), 2);
  return std::sqrt(squares / static_cast<double>(sums.size())) / b["norm"].get<double>();
}

NetworkOptions network_of(const json& golden) {
  const json& given = golden["network"];
  NetworkOptions options;
  options.name = given["name"];
  options.hidden = given.value("hidden", options.hidden);
  options.norm = given.value("norm", options.norm);
  options.width = given.value("width", options.width);
  options.dropout = given.value("dropout", options.dropout);
  return options;
}

OptimizerOptions optimizer_of(const json& golden) {
  OptimizerOptions options;
  options.lr = golden["optimizer"]["lr"];
  options.momentum = golden["optimizer"]["momentum"];
  options.weight_decay = golden["optimizer"]["weight_decay"];
  return options;
}

/// One model in training as the golden describes it.
class Training {
 public:
  explicit Training(const std::string& name)
      : golden_(test::read_golden(name)),
        sample_{golden_["sample"][0], golden_["sample"][1], golden_["sample"][2]},
        B_(golden_["batch"]),
        C_(golden_["classes"]),
        network_(build_network(network_of(golden_), sample_, C_)),
        tape_(stream_, network_, 1, B_),
        optimizer_(stream_, network_.layout(), optimizer_of(golden_), 1),
        params_(stream_, {1, network_.layout().size()}),
        grads_(stream_, {1, network_.layout().size()}) {}

  const json& golden() const { return golden_; }
  const Network& network() const { return network_; }

  /// The golden's initial parameters; streams count in PyTorch's order of tensors, which is ours.
  void start() {
    std::uint64_t stream = 1;
    for (const ParamSlot& slot : network_.layout().slots()) {
      const json& law = golden_["parameters"][slot.name];
      ASSERT_FALSE(law.is_null()) << slot.name;
      ASSERT_EQ(law["shape"].get<std::vector<std::int64_t>>(),
                std::vector(slot.torch_shape.extents().begin(), slot.torch_shape.extents().end()));
      from_torch_order(slot, test::golden_values(stream++, slot.size(), law["centre"], law["scale"]),
                       part(params_, slot));
    }
  }

  /// Forward, backward and update with batch number `step`; returns the loss.
  float train_step(int step) {
    const std::vector<float> x = batch(step);
    std::vector<std::int32_t> y(static_cast<std::size_t>(B_));
    for (std::size_t i = 0; i < y.size(); ++i)
      y[i] = static_cast<std::int32_t>(test::golden_word(2000 + static_cast<std::uint64_t>(step), i) %
                                       static_cast<std::uint64_t>(C_));
    const int counts[] = {B_};
    const Pass pass{{1, B_, counts}, {}, Mode::train};
    float loss = 0;
    const Outputs out = tape_.forward(stream_, pass, params_.view(), {x.data(), sample_.under(B_).under(1)});
    ops::softmax_cross_entropy(stream_, pass.batch, out.logits, {y.data(), {1, B_}}, {&loss, {1}},
                               tape_.output_grads(stream_, pass).logits);
    tape_.backward(stream_, pass, params_.view(), grads_);
    tape_.update_statistics(stream_, pass, params_);
    optimizer_.step(stream_, optimizer_of(golden_).lr, 1, params_, grads_);
    return loss;
  }

  /// Error of every tensor of `part` against a limit given PyTorch's own float32 error.
  template <class Limit>
  void compare(const std::string& name, const Limit& limit) {
    for (const auto& entry : golden_[name].items()) {
      const std::string& tensor = entry.key();
      const json& expected = entry.value();
      const double float32 = expected["float32"];
      const int index = network_.layout().find(tensor);
      ASSERT_GE(index, 0) << tensor;
      const ParamSlot& slot = network_.layout()[index];
      std::vector<float> torch(static_cast<std::size_t>(slot.size()));
      to_torch_order(slot, part(name == "gradient" ? grads_ : params_, slot), torch);
      EXPECT_LE(relative_error(torch, expected), limit(float32)) << name << " " << tensor;
    }
  }

 private:
  static std::span<float> part(const Tensor<float>& row, const ParamSlot& slot) {
    return {row.data() + slot.offset, static_cast<std::size_t>(slot.size())};
  }

  /// Inputs [B,y,x,c] of the golden's [B,c,y,x].
  std::vector<float> batch(int step) const {
    const std::int64_t Y = sample_[0], X = sample_[1], C = sample_[2];
    const std::vector<float> torch =
        test::golden_values(1000 + static_cast<std::uint64_t>(step), B_ * sample_.size(), 0, 2);
    std::vector<float> ours(torch.size());
    for (std::int64_t b = 0; b < B_; ++b)
      for (std::int64_t c = 0; c < C; ++c)
        for (std::int64_t p = 0; p < Y * X; ++p)
          ours[static_cast<std::size_t>((b * Y * X + p) * C + c)] =
              torch[static_cast<std::size_t>((b * C + c) * Y * X + p)];
    return ours;
  }

  json golden_;
  Shape sample_;
  int B_, C_;
  Network network_;
  Stream stream_;
  Tape tape_;
  Optimizer optimizer_;
  Tensor<float> params_, grads_;
};

class Golden : public ::testing::TestWithParam<std::string> {};

TEST_P(Golden, FiveStepsFollowPyTorchInDouble) {
  Training training(GetParam());
  training.start();
  std::vector<double> losses = {training.train_step(0)};
  // The gradient may be three times as far off as PyTorch's in float32, or one part in 10^5: small tensors have few
  // chances to show how far float32 can be off.
  training.compare("gradient", [](double float32) { return std::max(1e-5, 3 * float32); });
  training.compare("step1", [](double) { return 1e-5; });
  for (int step = 1; step < 5; ++step) losses.push_back(training.train_step(step));
  training.compare("step5", [](double float32) { return 3 * float32; });
  for (std::size_t i = 0; i < losses.size(); ++i)
    EXPECT_NEAR(losses[i], training.golden()["losses"][i].get<double>(), 1e-5 * losses[i]) << "step " << i;
}

TEST_P(Golden, NamesAndTheirOrderArePyTorchs) {
  const Training training(GetParam());
  EXPECT_EQ(training.network().layout().slots().size(), training.golden()["parameters"].size());
  for (const ParamSlot& slot : training.network().layout().slots())
    EXPECT_TRUE(training.golden()["parameters"].contains(slot.name)) << slot.name;
}

INSTANTIATE_TEST_SUITE_P(Networks, Golden, ::testing::Values("mlp", "lenet", "cnn", "resnet20", "resnet18_gn"),
                         [](const auto& network) { return network.param; });

}  // namespace
}  // namespace fedscape
