#pragma once

#include <vector>

#include "src/algo/federated/trainer.hpp"

namespace fedscape {

/// What every rank knows of a round before it begins.
struct RoundPlan {
  std::vector<Work> all, mine;      // in the order of ids; those of this rank, longest first
  std::vector<ClientId> ids;        // of `mine`
  std::vector<double> weights;      // of all, adding up to 1
  std::vector<std::int64_t> steps;  // of all
  RoundReport report;
  std::int64_t test_samples = 0;
  double participation = 0;
  double weight = 0;  // of one client, where noise is added to the sum
};

/// Who trains how long, with which weight, where. Weights are normalised over the cohort in the order of ids, in
/// double: the same on every rank. `at_home`: every client trains on its own rank.
RoundPlan plan_round(const Federation& federation, std::span<const Stage> stages, const Cohort& cohort,
                     std::int64_t round, bool at_home, const Communicator& comm);

}  // namespace fedscape
