#include "src/app/checks.hpp"

#include <charconv>
#include <cmath>
#include <vector>

#include "fedscape/base/check.hpp"
#include "fedscape/base/suggest.hpp"
#include "src/app/option_text.hpp"

namespace fedscape {

namespace {

constexpr std::int64_t kMost = std::int64_t{1} << 31;  // of anything counted: ids, steps and samples are 32-bit

}  // namespace

void check_at_least(std::string_view name, std::int64_t value, std::int64_t least) {
  FEDSCAPE_CHECK(value >= least && value < kMost, "{}: {} or more was expected, not {}", name, least, value);
}

std::int64_t check_bytes(std::string_view name, const std::string& text) {
  constexpr std::string_view kUnits = "kMGT";
  double bytes = -1;
  const auto number = std::from_chars(text.data(), text.data() + text.size(), bytes);
  const std::string_view rest(number.ptr, static_cast<std::size_t>(text.data() + text.size() - number.ptr));
  const std::size_t unit = rest.size() == 1 ? kUnits.find(rest) : kUnits.npos;
  if (unit != kUnits.npos) bytes *= std::pow(1000.0, static_cast<double>(unit + 1));
  FEDSCAPE_CHECK(number.ec == std::errc() && bytes >= 0 && bytes < 1e18 && (rest.empty() || unit != kUnits.npos),
                 "{}: a number of bytes like 0, 500M or 2G was expected, not '{}'", name, text);
  return static_cast<std::int64_t>(bytes);
}

void check_options(const DataOptions& options, const OptionTable& table) {
  for (const std::string& field : unread_options(options)) {
    const std::string name = dashed(field);
    FEDSCAPE_CHECK(!table.is_flag(name), "--{}: data of kind {} do not read this option", name, options.data);
  }
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
