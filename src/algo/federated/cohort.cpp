#include <map>

#include "fedscape/algo/federated/engine.hpp"
#include "fedscape/base/rng.hpp"

namespace fedscape {

void CohortOptions::options(Fields& f) {
  f.field("cohort", cohort, "clients drawn for a round");
  f.field("replacement", replacement, "draw with replacement: a client drawn n times has n times its weight");
  f.field("cohort_sampling", sampling, "fixed: always that many; poisson, with --privacy.clip: each by its own coin");
}

namespace {

/// Each client by a coin of its own; the sum of uploads is divided by the number expected, as the number drawn would
/// tell of each client whether it is there.
Cohort draw_by_coins(std::int64_t clients, std::int64_t expected, Draws& draws) {
  Cohort cohort{.ids = {}, .times = {}, .expected = static_cast<double>(expected)};
  const double rate = cohort.expected / static_cast<double>(clients);
  for (std::int64_t id = 0; id < clients; ++id)
    if (draws.uniform() < rate) cohort.ids.push_back(static_cast<ClientId>(id)), cohort.times.push_back(1);
  return cohort;
}

}  // namespace

// Without replacement: Floyd's method, one draw per client of the cohort (Bentley and Floyd, CACM 1987).
Cohort sample_cohort(std::int64_t clients, const CohortOptions& options, std::uint64_t seed, std::int64_t round) {
  FEDSCAPE_CHECK(options.cohort >= 1, "a cohort of {} clients; at least 1 is needed", options.cohort);
  FEDSCAPE_CHECK(options.replacement || options.cohort <= clients,
                 "a cohort of {} from {} clients; draw with replacement, or fewer", options.cohort, clients);
  FEDSCAPE_CHECK(clients >= 1 && round >= 0 && round < (std::int64_t{1} << 32), "{} clients in round {}", clients,
                 round);
  Draws draws({.seed = seed, .purpose = Purpose::cohort, .round = static_cast<std::uint32_t>(round)});
  if (options.sampling == "poisson") return draw_by_coins(clients, options.cohort, draws);
  std::map<ClientId, int> times;
  for (std::int64_t i = clients - options.cohort; i < clients; ++i) {
    const std::int64_t drawn = draws.below(options.replacement ? clients : i + 1);
    const bool taken = times.count(static_cast<ClientId>(drawn)) > 0;
    ++times[static_cast<ClientId>(taken && !options.replacement ? i : drawn)];
  }
  Cohort cohort;
  for (const auto& [id, count] : times) cohort.ids.push_back(id), cohort.times.push_back(count);
  return cohort;
}

}  // namespace fedscape
