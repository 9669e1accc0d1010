#include <algorithm>

#include "fedscape/base/check.hpp"
#include "fedscape/base/rng.hpp"
#include "fedscape/data/partition.hpp"

namespace fedscape {

Clients make_clients(const Partition& partition, const PartitionOptions& options, std::uint64_t seed) {
  FEDSCAPE_CHECK(options.local_test >= 0 && options.local_test < 1, "local_test {}, expected 0 or more and below 1",
                 options.local_test);
  const auto fewest = static_cast<std::size_t>(std::max<std::int64_t>(options.min_samples, 1));
  Clients clients;
  clients.train.reserve(partition.size(), partition.samples());
  clients.test.reserve(partition.size(), 0);
  std::vector<std::int32_t> samples;
  for (std::size_t k = 0; k < partition.size(); ++k) {
    samples.assign(partition[k].begin(), partition[k].end());
    if (samples.size() < fewest) continue;
    if (options.local_test > 0)
      Draws({seed, Purpose::local_split, static_cast<std::uint32_t>(k), 0, 0}).shuffle(std::span(samples));
    const auto share = static_cast<std::size_t>(options.local_test * static_cast<double>(samples.size()));
    const std::size_t held_out =
        options.local_test > 0 ? std::min(std::max<std::size_t>(share, 1), samples.size() - 1) : 0;
    clients.test.add(std::span(samples).first(held_out));
    clients.train.add(std::span(samples).subspan(held_out));
  }
  clients.dropped = static_cast<std::int64_t>(partition.size()) - clients.size();
  FEDSCAPE_CHECK(clients.size() > 0,
                 "none of {} clients has {} samples or more; deal to fewer clients or lower "
                 "min_samples",
                 partition.size(), fewest);
  return clients;
}

std::vector<std::int32_t> class_counts(const Partition& partition, std::span<const std::int32_t> labels, int classes) {
  const auto C = static_cast<std::size_t>(classes);
  std::vector<std::int32_t> counts(partition.size() * C);
  for (std::size_t k = 0; k < partition.size(); ++k)
    for (const std::int32_t i : partition[k])
      ++counts[k * C + static_cast<std::size_t>(labels[static_cast<std::size_t>(i)])];
  return counts;
}

}  // namespace fedscape
