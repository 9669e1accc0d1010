#include "fedscape/data/sample_lists.hpp"

#include <numeric>

#include "fedscape/base/check.hpp"

namespace fedscape {

SampleLists::SampleLists(std::initializer_list<std::initializer_list<std::int32_t>> lists) {
  for (const auto& samples : lists) add({samples.begin(), samples.size()});
}

SampleLists::SampleLists(std::size_t lists, std::span<const std::int32_t> owners, std::span<const std::int32_t> samples)
    : ends_(lists), samples_(samples.size()) {
  FEDSCAPE_CHECK(owners.size() == samples.size(), "{} owners of {} samples", owners.size(), samples.size());
  for (const std::int32_t k : owners) {
    FEDSCAPE_CHECK(0 <= k && static_cast<std::size_t>(k) < lists, "owner {} of {}", k, lists);
    ++ends_[static_cast<std::size_t>(k)];
  }
  std::exclusive_scan(ends_.begin(), ends_.end(), ends_.begin(), std::int64_t{0});
  // Each list's begin, where it stands now, becomes its end as its samples come in.
  for (std::size_t i = 0; i < samples.size(); ++i)
    samples_[static_cast<std::size_t>(ends_[static_cast<std::size_t>(owners[i])]++)] = samples[i];
}

void SampleLists::add(value_type samples) {
  samples_.insert(samples_.end(), samples.begin(), samples.end());
  ends_.push_back(static_cast<std::int64_t>(samples_.size()));
}

void SampleLists::reserve(std::size_t lists, std::size_t samples) {
  ends_.reserve(lists);
  samples_.reserve(samples);
}

}  // namespace fedscape
