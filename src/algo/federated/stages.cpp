#include "src/algo/federated/stages.hpp"

#include <algorithm>
#include <cmath>

namespace fedscape {

std::int64_t Stage::count(std::int64_t local_steps) const {
  return std::max(min_steps, static_cast<std::int64_t>(std::floor(steps * static_cast<double>(local_steps))));
}

std::int64_t Stage::batches(std::int64_t count) const {
  const std::int64_t seen = (count + repeats - 1) / repeats;
  return probe == Probe::next_batch ? 2 * seen : seen;
}

std::vector<Stage> all_stages(const FederatedAlgorithm& algorithm) {
  std::vector<Stage> stages = algorithm.stages();
  FEDSCAPE_CHECK(!stages.empty() && !stages.front().personal, "an algorithm without a stage for what is sent");
  for (std::size_t s = 0; s < stages.size(); ++s) {
    const Stage& stage = stages[s];
    FEDSCAPE_CHECK(s == 0 || stage.personal || !stages[s - 1].personal, "stage {} follows a personal one", s);
    FEDSCAPE_CHECK(stage.steps >= 0 && stage.min_steps >= 0 && stage.lr >= 0 && stage.repeats >= 1,
                   "stage {}: steps {}, at least {}, rate {}, {} on a batch", s, stage.steps, stage.min_steps, stage.lr,
                   stage.repeats);
  }
  for (Stage stage : algorithm.tuning()) {
    stage.personal = true;
    stages.push_back(stage);
  }
  return stages;
}

std::int64_t sending_steps(std::span<const Stage> stages, std::int64_t local_steps) {
  std::int64_t total = 0;
  for (const Stage& stage : stages)
    if (!stage.personal) total += stage.count(local_steps);
  return total;
}

std::int64_t steps_of(std::span<const Stage> stages, std::int64_t local_steps) {
  std::int64_t total = 0;
  for (const Stage& stage : stages) total += stage.count(local_steps);
  return total;
}

std::int64_t batches_of(std::span<const Stage> stages, std::int64_t local_steps) {
  std::int64_t total = 0;
  for (const Stage& stage : stages) total += stage.batches(stage.count(local_steps));
  return total;
}

}  // namespace fedscape
