#include "fedscape/algo/federated/map.hpp"

#include <cmath>

namespace fedscape {

void Map::options(Fields& f) {
  Restricted::options(f);
  f.field("personal_steps", personal_steps, "MAP: steps of personalisation, as a share of the local steps");
  f.field("personal_min_steps", personal_min_steps, "MAP: at least so many of them");
  f.field("personal_lr", personal_lr, "MAP: their learning rate, as a share of the round's");
}

void Map::check(const OptimizerOptions& local) const {
  Restricted::check(local);
  FEDSCAPE_CHECK(personal_steps >= 0 && personal_steps <= 100, "personal_steps of MAP is {}; it must be in [0,100]",
                 personal_steps);
  FEDSCAPE_CHECK(personal_min_steps >= 0, "personal_min_steps of MAP is {}; it must be 0 or more", personal_min_steps);
  FEDSCAPE_CHECK(personal_lr >= 0 && std::isfinite(personal_lr), "personal_lr of MAP is {}; it must be 0 or more",
                 personal_lr);
}

std::vector<Stage> Map::stages() const {
  return {{}, taught({.steps = personal_steps, .min_steps = personal_min_steps, .lr = personal_lr, .personal = true})};
}

}  // namespace fedscape
