#include "src/app/checks.hpp"

#include <vector>

#include "fedscape/base/check.hpp"
#include "fedscape/base/suggest.hpp"

namespace fedscape {

namespace {

constexpr std::int64_t kMost = std::int64_t{1} << 31;  // of anything counted: ids, steps and samples are 32-bit

}  // namespace

void check_at_least(std::string_view name, std::int64_t value, std::int64_t least) {
  FEDSCAPE_CHECK(value >= least && value < kMost, "{}: {} or more was expected, not {}", name, least, value);
}

void check_options(const PartitionOptions& options) {
  std::vector<std::string_view> names;
  bool known = false;
  for (const PartitionEntry& entry : partitions()) {
    names.push_back(entry.name);
    known |= entry.name == options.partition;
  }
  FEDSCAPE_CHECK(known, "partition: '{}' is not known{}", options.partition, suggestion(options.partition, names));
  check_at_least("clients", options.clients, 1);
  FEDSCAPE_CHECK(options.alpha > 0, "alpha: a number above 0 was expected, not {}", options.alpha);
  check_at_least("classes-per-client", options.classes_per_client, 1);
  check_at_least("samples-per-client", options.samples_per_client, 0);
  check_at_least("min-samples", options.min_samples, 0);
  FEDSCAPE_CHECK(options.local_test >= 0 && options.local_test < 1,
                 "local-test: a fraction from 0 to below 1 was expected, not {}", options.local_test);
}

void check_options(const CohortOptions& options) {
  constexpr std::string_view kSampling[] = {"fixed", "poisson"};
  check_at_least("cohort", options.cohort, 1);
  check_choice("cohort-sampling", options.sampling, kSampling);
}

}  // namespace fedscape
