#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "fedscape/algo/federated/engine.hpp"
#include "fedscape/base/suggest.hpp"

namespace fedscape {

namespace {

constexpr std::array<std::string_view, 3> kLastBatches = {"keep", "drop", "wrap"};
constexpr std::array<std::string_view, 2> kWeights = {"uniform", "samples"};

template <std::size_t N>
void check_name(const char* option, std::string_view value, const std::array<std::string_view, N>& names) {
  FEDSCAPE_CHECK(std::find(names.begin(), names.end(), value) != names.end(), "{} = '{}'{}", option, value,
                 suggestion(value, names));
}

}  // namespace

void LocalOptions::options(Fields& f) {
  f.field("batch", batch, "samples of a local batch");
  f.field("epochs", epochs, "local epochs of a round, where local_steps is 0");
  f.field("local_steps", local_steps, "local steps of a round, the same for every client; 0: by epochs");
  f.field("min_steps", min_steps, "local steps of a round at least");
  f.field("last_batch", last_batch, "the partial batch at the end of an epoch: keep, drop or wrap");
  f.field("shuffle", shuffle, "a new order of a client's samples each epoch");
  f.field("crop", crop, "augmentation: random crop after padding by this many pixels; 0: none");
  f.field("flip", flip, "augmentation: horizontal flip with probability 1/2");
  f.field("weights", weights, "weights of clients in the average: uniform or samples");
  f.field("train_repeats", train_repeats, "train a client again each time it is drawn (with replacement)");
  f.field("models_per_stack", models_per_stack, "clients trained side by side by one thread");
  f.field("evaluate_clients", evaluate_clients, "local metrics before and after training, on clients' own test sets");
  optimizer.options(f);
}

void LocalOptions::check() const {
  FEDSCAPE_CHECK(batch >= 1 && batch <= 1 << 20, "batch = {}; 1 to 1048576 are possible", batch);
  FEDSCAPE_CHECK(epochs >= 0 && epochs <= 1e6, "epochs = {}; 0 to 1000000 are possible", epochs);
  FEDSCAPE_CHECK(local_steps >= 0 && local_steps < 1 << 24, "local_steps = {}; 0 to 16777215 are possible",
                 local_steps);
  FEDSCAPE_CHECK(min_steps >= 0 && min_steps < 1 << 24, "min_steps = {}; 0 to 16777215 are possible", min_steps);
  FEDSCAPE_CHECK(crop >= 0 && crop <= 1024, "crop = {}; 0 to 1024 pixels are possible", crop);
  FEDSCAPE_CHECK(models_per_stack >= 1 && models_per_stack <= 65535, "models_per_stack = {}; 1 to 65535 are possible",
                 models_per_stack);
  check_name("last_batch", last_batch, kLastBatches);
  check_name("weights", weights, kWeights);
}

BatchOptions LocalOptions::batches() const {
  BatchOptions options;
  options.batch = static_cast<int>(batch);
  if (last_batch == "drop") options.last = BatchOptions::Last::drop;
  if (last_batch == "wrap") options.last = BatchOptions::Last::wrap;
  options.shuffle = shuffle;
  options.augment = {static_cast<int>(crop), flip};
  return options;
}

std::int64_t LocalOptions::steps(std::int64_t samples) const {
  if (local_steps > 0) return std::max(local_steps, min_steps);
  const double steps = epochs * static_cast<double>(steps_per_epoch(batches(), samples));
  // 0.1 * 30 must not lose a step to rounding.
  return std::max(static_cast<std::int64_t>(std::floor(steps + 1e-9)), min_steps);
}

}  // namespace fedscape
