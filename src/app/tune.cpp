#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>

#include "fedscape/algo/evaluate.hpp"
#include "fedscape/app/machine.hpp"
#include "fedscape/base/log.hpp"
#include "fedscape/base/suggest.hpp"
#include "fedscape/base/timer.hpp"
#include "fedscape/device/cuda.hpp"
#include "fedscape/device/pick.hpp"
#include "fedscape/device/repetitions.hpp"
#include "fedscape/io/load_dataset.hpp"
#include "fedscape/io/tuning_file.hpp"
#include "fedscape/nn/init.hpp"
#include "fedscape/nn/zoo.hpp"
#include "fedscape/ops/reduce.hpp"
#include "src/app/checks.hpp"
#include "src/app/commands.hpp"

namespace fedscape {

namespace {

/// Writes down what a device is asked for.
class AskedProducts : public ProductChoice {
 public:
  bool library(const Product& product) const override {
    products.insert(product);
    return false;
  }
  mutable std::set<Product> products;
};

/// The products of a training step with batches of `batch` samples, and of an evaluation.
std::set<Product> products_of(Stream& stream, const Network& network, const Dataset& data, int batch, bool tf32) {
  const AskedProducts asked;
  stream.set_products(&asked);
  use_tf32(stream, tf32);
  std::vector<float> values(static_cast<std::size_t>(network.layout().size()));
  init_params(network, "torch", 1, values);
  const Tensor<float> one = to_device(stream, values, {1, network.layout().size()});
  Evaluator evaluator(stream, network, 1);
  evaluator.load(stream, one);
  evaluator.all(stream, data);  // the last chunk, too

  const std::vector<int> counts{batch};
  const std::vector<RngKey> keys(1);
  const Pass pass{{1, batch, counts}, keys, Mode::train};
  Tape tape(stream, network, 1, batch);
  const Tensor<float> x(stream, network.sample().under(batch).under(1)), grads(stream, one.shape());
  ops::fill(stream, 0.0f, x);
  tape.forward(stream, pass, one, x);
  ops::fill(stream, 0.0f, tape.output_grads(stream, pass).logits);
  tape.backward(stream, pass, one, grads);
  stream.synchronize();
  stream.set_products(nullptr);
  return asked.products;
}

/// The arrays of a product of a stack, and the product.
class Trial {
 public:
  Trial(Stream& stream, const Product& product, int models)
      : stream_(stream),
        product_(product),
        x_(stream, product.shape.input().under(product.batch).under(models)),
        y_(stream, product.shape.output().under(product.batch).under(models)),
        w_(stream, {models, product.shape.weights().size() + product.shape.filters}),
        counts_(stream, models) {
    for (const Tensor<float>* array : {&x_, &y_, &w_}) ops::fill(stream, 0.5f, array->view());
  }

  /// Seconds of a run by `who`, of many in a row: a graph, as in training, from the third time on.
  double seconds(const ProductChoice* who, std::int64_t times) {
    stream_.set_products(who);
    const Timer timer;
    for (std::int64_t i = 0; i < times; ++i)
      repetitions_.run(stream_, {who != nullptr}, [&] {
        for (int k = 0; k < kTogether; ++k) run();
      });
    stream_.synchronize();
    return timer.seconds() / static_cast<double>(times * kTogether);
  }
  /// How often to repeat, so that a measurement takes about 5 ms.
  std::int64_t times(const ProductChoice* who) {
    seconds(who, 3);
    return static_cast<std::int64_t>(std::clamp(5e-3 / kTogether / seconds(who, 1), 1.0, 100.0));
  }

 private:
  static constexpr int kTogether = 4;

  void run() {
    const ArenaScope scope(stream_);
    const auto models = static_cast<int>(x_.shape()[0]);
    const Batch batch{models, product_.batch, counts_.of(stream_, models, product_.batch)};
    const Slot<float> w = slot(w_.view(), 0), bias = slot(w_.view(), product_.shape.weights().size());
    switch (product_.pass) {
      case ops::ConvPass::forward:
        return ops::conv_forward(stream_, product_.shape, batch, x_, w, bias, true, y_);
      case ops::ConvPass::backward_data:
        return ops::conv_backward_data(stream_, product_.shape, batch, y_, w, x_);
      case ops::ConvPass::backward_weights:
        return ops::conv_backward_weights(stream_, product_.shape, batch, x_, y_, w, bias);
    }
  }

  Stream& stream_;
  const Product& product_;
  Tensor<float> x_, y_, w_;
  EvenCounts counts_;
  Repetitions repetitions_;
};

/// Leaves all to libraries.
class AllProducts : public ProductChoice {
 public:
  bool library(const Product&) const override { return true; }
};

/// How often the library repeats a measurement; 0 where it cannot do the product.
std::int64_t times_of(Trial& trial, const ProductChoice& library) {
  try {
    return trial.times(&library);
  } catch (const OutOfMemory&) {
    throw;
  } catch (const Error& error) {
    log_info("{}", error.what());
    return 0;
  }
}

/// Medians of both, measured in turn. The library must be faster by more than the noise of a measurement.
Tuning::Entry measured(Stream& stream, const Product& product, int models) {
  constexpr std::size_t kRepeats = 5;
  constexpr double kFaster = 0.95;
  const AllProducts all;
  Trial trial(stream, product, models);
  const std::int64_t own_times = trial.times(nullptr), library_times = times_of(trial, all);
  std::array<double, kRepeats> own{}, library{};
  for (std::size_t i = 0; i < kRepeats; ++i) {
    own[i] = trial.seconds(nullptr, own_times);
    if (library_times > 0) library[i] = trial.seconds(&all, library_times);
  }
  std::sort(own.begin(), own.end());
  std::sort(library.begin(), library.end());
  Tuning::Entry entry{own[kRepeats / 2], library[kRepeats / 2]};
  entry.library = library_times > 0 && entry.library_seconds < kFaster * entry.own_seconds;
  return entry;
}

class Tune : public Command {
 public:
  void options(OptionTable& table) override {
    table.group("Products of a network's layers: fedscape's kernels against cuBLAS and cuDNN, for --tuning");
    table.field("output", output_, "JSON file that takes the faster of both; what else it holds stays");
    table.field("batch", batch_, "samples of a batch in training");
    table.field("models", models_, "models of the stack that is timed; the choice serves any number");
    table.field("precision", precision_, "float32 or tf32");
    table.field("device", device_, "cuda; there is nothing to choose on a CPU");
    table.positional({"output"});
    table.add("Data", data_);
    table.add("Network", network_, "network");
  }
  void check(OptionTable& table) override {
    check_options(data_, table);
    check_at_least("batch", batch_, 1);
    check_at_least("models", models_, 1);
    FEDSCAPE_CHECK(batch_ <= 1 << 20 && models_ <= 65535, "batch, models: at most 2^20 and 65535 were expected");
    check_choice("precision", precision_, kTrainingPrecisions);
    FEDSCAPE_CHECK(device_ == "cuda", "device: cuda was expected, not '{}'", device_);
    FEDSCAPE_CHECK(!output_.empty(), "output: the name of a file was expected, not an empty one");
  }
  int run_alone(const OptionTable& table) override;

 private:
  Tuning begun(Device device) const;

  std::string output_ = "tuning.json", precision_ = "float32", device_ = "cuda";
  std::int64_t batch_ = 50, models_ = 32;
  DataOptions data_;
  NetworkOptions network_;
};

/// What the output holds of this device.
Tuning Tune::begun(Device device) const {
  Tuning tuning;
  if (std::filesystem::exists(output_)) {
    tuning = read_tuning(output_);
    check_made_here(tuning, output_, device, "choose another file");
  } else {
    tuning.device = cuda::device_name(device);
    tuning.libraries = cuda::libraries();
  }
  return tuning;
}

int Tune::run_alone(const OptionTable& table) {
  log_info("tune:\n{}", table.text());
  // 1. What the network multiplies.
  Stream stream(pick_device(device_, 0));
  Tuning tuning = begun(stream.device());
  const Dataset data = load_dataset(data_, Split::test);
  const Network network = build_network(network_, data.shape(), data.classes());
  const std::set<Product> products = products_of(stream, network, data, static_cast<int>(batch_), precision_ == "tf32");

  // 2. Who does it faster.
  fmt::print("{:<17} {:>6} {:>22} {:>12} {:>12}\n", "pass", "batch", "input -> output", "own [us]", "library [us]");
  for (const Product& product : products) {
    const Tuning::Entry entry = measured(stream, product, static_cast<int>(models_));
    tuning.entries[product] = entry;
    const std::string shapes = product.shape.input().text() + " -> " + product.shape.output().text();
    fmt::print("{:<17} {:>6} {:>22} {:>12.4g} {:>12.4g}{}\n", kPassNames[static_cast<std::size_t>(product.pass)],
               product.batch, shapes, 1e6 * entry.own_seconds, 1e6 * entry.library_seconds, entry.library ? " *" : "");
  }

  // 3. The file.
  write_tuning(output_, tuning);
  log_info("{}: {} products, {:016x}", output_, tuning.entries.size(), tuning.hash());
  return 0;
}

}  // namespace

std::unique_ptr<Command> make_tune() { return std::make_unique<Tune>(); }

}  // namespace fedscape
