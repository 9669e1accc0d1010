#include "fedscape/algo/weight_statistics.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "fedscape/base/check.hpp"

namespace fedscape {
namespace {

/// The sum of term(weight), in eight chains that need not wait for one another: rank 0 does this every round while all
/// others wait for it.
template <class Term>
double sum_of(std::span<const float> weights, const Term& term) {
  constexpr std::size_t kChains = 8;
  std::array<double, kChains> sums{};
  const std::size_t whole = weights.size() / kChains * kChains;
  for (std::size_t i = 0; i < whole; i += kChains)
    for (std::size_t c = 0; c < kChains; ++c) sums[c] += term(static_cast<double>(weights[i + c]));
  for (std::size_t i = whole; i < weights.size(); ++i) sums[i - whole] += term(static_cast<double>(weights[i]));
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

/// The share of the signs from `begin` up to `end` that are the same in both.
float same_share(const Signs& a, const Signs& b, std::size_t begin, std::size_t end) {
  std::int64_t different = 0;
  for (std::size_t byte = begin / 8; byte * 8 < end; ++byte) {
    unsigned bits = static_cast<unsigned>(a[byte] ^ b[byte]);
    if (byte * 8 < begin) bits &= 0xffu << (begin - byte * 8);
    if (byte * 8 + 8 > end) bits &= 0xffu >> (byte * 8 + 8 - end);
    different += std::popcount(bits);
  }
  const auto n = static_cast<double>(end - begin);
  return static_cast<float>((n - static_cast<double>(different)) / n);
}

SlotStatistics statistics_of(std::span<const float> weights, std::size_t offset, const Signs& signs,
                             const Signs& initial, const Signs& previous) {
  const auto n = static_cast<double>(weights.size());
  const std::size_t end = offset + weights.size();
  const double mean = sum_of(weights, [](double w) { return w; }) / n;
  const double squares = sum_of(weights, [](double w) { return w * w; });
  // A second pass: squares - n mean^2 would cancel.
  const double spread = sum_of(weights, [mean](double w) { return (w - mean) * (w - mean); });
  return {static_cast<float>(mean), static_cast<float>(std::sqrt(spread / n)), static_cast<float>(std::sqrt(squares)),
          same_share(signs, initial, offset, end), same_share(signs, previous, offset, end)};
}

void check_model(const ParamLayout& layout, std::span<const float> params) {
  FEDSCAPE_CHECK(static_cast<std::int64_t>(params.size()) == layout.size(), "{} weights, but the network has {}",
                 params.size(), layout.size());
}

}  // namespace

Signs signs_of(std::span<const float> params) {
  Signs signs((params.size() + 7) / 8);
  for (std::size_t byte = 0; byte < signs.size(); ++byte) {
    const std::span<const float> eight = params.subspan(byte * 8, std::min<std::size_t>(8, params.size() - byte * 8));
    unsigned bits = 0;
    for (std::size_t i = 0; i < eight.size(); ++i) bits |= static_cast<unsigned>(std::signbit(eight[i])) << i;
    signs[byte] = static_cast<std::uint8_t>(bits);
  }
  return signs;
}

std::vector<SlotStatistics> weight_statistics(const ParamLayout& layout, std::span<const float> params,
                                              const Signs& initial, std::span<const float> previous) {
  check_model(layout, params);
  check_model(layout, previous);
  FEDSCAPE_CHECK(initial.size() == (params.size() + 7) / 8, "{} bytes of signs for {} weights", initial.size(),
                 params.size());
  const Signs signs = signs_of(params), before = signs_of(previous);
  std::vector<SlotStatistics> all;
  for (const ParamSlot& slot : layout.slots()) {
    const auto offset = static_cast<std::size_t>(slot.offset), size = static_cast<std::size_t>(slot.size());
    all.push_back(statistics_of(params.subspan(offset, size), offset, signs, initial, before));
  }
  return all;
}

SignConsistency sign_consistency(const ParamLayout& layout, std::span<const float> a, std::span<const float> b) {
  check_model(layout, a);
  check_model(layout, b);
  std::array<std::int64_t, kSignGroups.size()> same{}, counted{};
  for (const ParamSlot& slot : layout.slots()) {
    if (slot.role == ParamRole::statistic) continue;
    const std::size_t group = 1 + static_cast<std::size_t>(slot.group);  // behind "all"
    const auto end = static_cast<std::size_t>(slot.offset + slot.size());
    for (auto i = static_cast<std::size_t>(slot.offset); i < end; ++i) {
      if (a[i] == 0 || b[i] == 0) continue;
      ++counted[group];
      same[group] += (a[i] > 0) == (b[i] > 0);
    }
  }
  SignConsistency ratios;
  for (std::size_t group = 1; group < kSignGroups.size(); ++group) same[0] += same[group], counted[0] += counted[group];
  for (std::size_t group = 0; group < kSignGroups.size(); ++group)
    ratios[group] = counted[group] > 0 ? static_cast<float>(double(same[group]) / double(counted[group]))
                                       : std::numeric_limits<float>::quiet_NaN();
  return ratios;
}

void ClientStatisticsCollector::start_round(std::span<const float> params) {
  previous_.assign(params.begin(), params.end());
  mine_.clear();
}

ClientObserver ClientStatisticsCollector::observer() {
  return [this](Stream& stream, ClientId client, View<const float> params) {
    const std::vector<float> host = to_host(stream, params);
    ClientStatistics row{client, weight_statistics(layout_, host, initial_, previous_),
                         sign_consistency(layout_, host, previous_)};
    const std::lock_guard lock(mutex_);
    mine_.push_back(std::move(row));
  };
}

std::vector<ClientStatistics> ClientStatisticsCollector::gather(Communicator& comm) {
  const std::size_t slots = layout_.slots().size();
  const std::size_t record = sizeof(ClientId) + sizeof(SignConsistency) + slots * sizeof(SlotStatistics);
  std::vector<std::byte> bytes, all;
  const auto append = [&](std::span<const std::byte> part) { bytes.insert(bytes.end(), part.begin(), part.end()); };
  for (const ClientStatistics& row : mine_) {
    append(std::as_bytes(std::span(&row.client, 1)));
    append(std::as_bytes(std::span(row.signs)));
    append(std::as_bytes(std::span(row.slots)));
  }
  comm.all_gather(bytes, all);
  std::vector<ClientStatistics> rows(all.size() / record);
  const std::byte* from = all.data();
  const auto take = [&](void* to, std::size_t size) { std::memcpy(to, from, size), from += size; };
  for (ClientStatistics& row : rows) {
    row.slots.resize(slots);
    take(&row.client, sizeof(ClientId));
    take(row.signs.data(), sizeof(SignConsistency));
    take(row.slots.data(), slots * sizeof(SlotStatistics));
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const ClientStatistics& a, const ClientStatistics& b) { return a.client < b.client; });
  return rows;
}

}  // namespace fedscape
