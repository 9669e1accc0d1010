#include <algorithm>
#include <array>
#include <string_view>

#include "fedscape/algo/federated/engine.hpp"
#include "fedscape/base/suggest.hpp"
#include "fedscape/ops/precision.hpp"

namespace fedscape {

namespace {

constexpr std::array<std::string_view, 2> kWeights = {"uniform", "samples"};

}  // namespace

void LocalOptions::options(Fields& f) {
  sampling.options(f);
  f.field("epochs", epochs, "local epochs of a round, where local_steps is 0");
  f.field("local_steps", local_steps, "local steps of a round, the same for every client; 0: by epochs");
  f.field("min_steps", min_steps, "local steps of a round at least");
  f.field("weights", weights, "weights of clients in the average: uniform or samples");
  f.field("train_repeats", train_repeats, "train a client again each time it is drawn (with replacement)");
  f.field("models_per_stack", models_per_stack,
          "clients trained side by side by one thread; 0: one, or on a GPU as many as fit");
  f.field("precision", precision, "products in float32 or, with --device cuda, tf32");
  f.field("evaluate_clients", evaluate_clients, "local metrics before and after training, on clients' own test sets");
  optimizer.options(f);
}

void LocalOptions::check() const {
  sampling.check();
  FEDSCAPE_CHECK(epochs >= 0 && epochs <= 1e6, "epochs = {}; 0 to 1000000 are possible", epochs);
  FEDSCAPE_CHECK(local_steps >= 0 && local_steps < 1 << 24, "local_steps = {}; 0 to 16777215 are possible",
                 local_steps);
  FEDSCAPE_CHECK(min_steps >= 0 && min_steps < 1 << 24, "min_steps = {}; 0 to 16777215 are possible", min_steps);
  FEDSCAPE_CHECK(models_per_stack >= 0 && models_per_stack <= 65535, "models_per_stack = {}; 0 to 65535 are possible",
                 models_per_stack);
  check_choice("weights", weights, kWeights);
  check_choice("precision", precision, kTrainingPrecisions);
}

std::int64_t LocalOptions::steps(std::int64_t samples) const {
  return std::max(local_steps > 0 ? local_steps : steps_of(sampling.batches(), epochs, samples), min_steps);
}

}  // namespace fedscape
