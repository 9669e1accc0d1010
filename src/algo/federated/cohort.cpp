#include <map>

#include "fedscape/algo/federated/engine.hpp"
#include "fedscape/base/rng.hpp"

namespace fedscape {

void CohortOptions::options(Fields& f) {
  f.field("cohort", cohort, "clients drawn for a round");
  f.field("replacement", replacement, "draw with replacement: a client drawn n times has n times its weight");
}

// Without replacement: Floyd's method, one draw per client of the cohort (Bentley and Floyd, CACM 1987).
Cohort sample_cohort(std::int64_t clients, const CohortOptions& options, std::uint64_t seed, std::int64_t round) {
  FEDSCAPE_CHECK(options.cohort >= 1, "a cohort of {} clients; at least 1 is needed", options.cohort);
  FEDSCAPE_CHECK(options.replacement || options.cohort <= clients,
                 "a cohort of {} from {} clients; draw with replacement, or fewer", options.cohort, clients);
  FEDSCAPE_CHECK(clients >= 1 && round >= 0 && round < (std::int64_t{1} << 32), "{} clients in round {}", clients,
                 round);
  Draws draws({.seed = seed, .purpose = Purpose::cohort, .round = static_cast<std::uint32_t>(round)});
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
