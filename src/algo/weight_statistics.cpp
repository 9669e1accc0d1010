#include "fedscape/algo/weight_statistics.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "fedscape/base/check.hpp"

namespace fedscape {
namespace {

bool sign_at(const Signs& signs, std::size_t i) { return (signs[i / 8] >> (i % 8) & 1) != 0; }

SlotStatistics statistics_of(std::span<const float> weights, std::size_t offset, const Signs& initial,
                             const Signs& previous) {
  const auto n = static_cast<double>(weights.size());
  double sum = 0, squares = 0;
  for (const float weight : weights) sum += weight, squares += double(weight) * weight;
  const double mean = sum / n;
  double spread = 0;  // a second pass: squares - n mean^2 would cancel
  for (const float weight : weights) spread += (weight - mean) * (weight - mean);
  std::int64_t as_initial = 0, as_previous = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    as_initial += std::signbit(weights[i]) == sign_at(initial, offset + i);
    as_previous += std::signbit(weights[i]) == sign_at(previous, offset + i);
  }
  return {static_cast<float>(mean), static_cast<float>(std::sqrt(spread / n)), static_cast<float>(std::sqrt(squares)),
          static_cast<float>(static_cast<double>(as_initial) / n),
          static_cast<float>(static_cast<double>(as_previous) / n)};
}

}  // namespace

Signs signs_of(std::span<const float> params) {
  Signs signs((params.size() + 7) / 8);
  for (std::size_t i = 0; i < params.size(); ++i)
    if (std::signbit(params[i])) signs[i / 8] = static_cast<std::uint8_t>(signs[i / 8] | 1u << (i % 8));
  return signs;
}

std::vector<SlotStatistics> weight_statistics(const ParamLayout& layout, std::span<const float> params,
                                              const Signs& initial, const Signs& previous) {
  const std::size_t signs = (params.size() + 7) / 8;
  FEDSCAPE_CHECK(
      static_cast<std::int64_t>(params.size()) == layout.size() && initial.size() == signs && previous.size() == signs,
      "statistics of {} weights with {} and {} bytes of signs, but the network has {}", params.size(), initial.size(),
      previous.size(), layout.size());
  std::vector<SlotStatistics> all;
  for (const ParamSlot& slot : layout.slots()) {
    const auto offset = static_cast<std::size_t>(slot.offset);
    all.push_back(
        statistics_of(params.subspan(offset, static_cast<std::size_t>(slot.size())), offset, initial, previous));
  }
  return all;
}

void ClientStatisticsCollector::start_round(std::span<const float> params) {
  previous_ = signs_of(params);
  mine_.clear();
}

ClientObserver ClientStatisticsCollector::observer() {
  return [this](Stream& stream, ClientId client, View<const float> params) {
    const std::vector<float> host = to_host(stream, params);
    ClientStatistics row{client, weight_statistics(layout_, host, initial_, previous_)};
    const std::lock_guard lock(mutex_);
    mine_.push_back(std::move(row));
  };
}

std::vector<ClientStatistics> ClientStatisticsCollector::gather(Communicator& comm) {
  const std::size_t slots = layout_.slots().size(), record = sizeof(ClientId) + slots * sizeof(SlotStatistics);
  std::vector<std::byte> bytes, all;
  for (const ClientStatistics& row : mine_) {
    const auto id = std::as_bytes(std::span(&row.client, 1)), values = std::as_bytes(std::span(row.slots));
    bytes.insert(bytes.end(), id.begin(), id.end());
    bytes.insert(bytes.end(), values.begin(), values.end());
  }
  comm.all_gather(bytes, all);
  std::vector<ClientStatistics> rows(all.size() / record);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::byte* const at = all.data() + i * record;
    rows[i].slots.resize(slots);
    std::memcpy(&rows[i].client, at, sizeof(ClientId));
    std::memcpy(rows[i].slots.data(), at + sizeof(ClientId), slots * sizeof(SlotStatistics));
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const ClientStatistics& a, const ClientStatistics& b) { return a.client < b.client; });
  return rows;
}

}  // namespace fedscape
