#include "fedscape/comm/share.hpp"

#include <algorithm>
#include <numeric>
#include <queue>
#include <utility>

#include "fedscape/base/check.hpp"

namespace fedscape {

std::vector<ClientId> share(std::span<const ClientId> cohort, std::span<const std::int64_t> steps, bool at_home,
                            int rank, int size) {
  FEDSCAPE_CHECK(cohort.size() == steps.size(), "{} step counts for {} clients", steps.size(), cohort.size());
  FEDSCAPE_CHECK(0 <= rank && rank < size, "rank {} of {}", rank, size);
  std::vector<std::size_t> order(cohort.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return steps[a] > steps[b]; });

  using Load = std::pair<std::int64_t, int>;  // work so far, rank
  std::priority_queue<Load, std::vector<Load>, std::greater<>> loads;
  for (int r = 0; r < size; ++r) loads.push({0, r});
  std::vector<ClientId> mine;
  for (const std::size_t i : order) {
    int owner = cohort[i] % size;
    if (!at_home) {
      const Load least = loads.top();
      loads.pop();
      loads.push({least.first + steps[i], least.second});
      owner = least.second;
    }
    if (owner == rank) mine.push_back(cohort[i]);
  }
  return mine;
}

}  // namespace fedscape
