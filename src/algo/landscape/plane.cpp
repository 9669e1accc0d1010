#include "fedscape/algo/landscape/plane.hpp"

#include <algorithm>
#include <cmath>

#include "fedscape/base/check.hpp"
#include "fedscape/base/hash.hpp"
#include "fedscape/base/suggest.hpp"

namespace fedscape {

Normalize parse_normalize(std::string_view name) {
  static constexpr std::string_view kNames[] = {"filter", "layer", "weight", "none"};
  const auto* const found = std::find(std::begin(kNames), std::end(kNames), name);
  FEDSCAPE_CHECK(found != std::end(kNames), "unknown direction normalisation '{}'{}", name, suggestion(name, kNames));
  return static_cast<Normalize>(found - std::begin(kNames));
}

namespace {

double norm(std::span<const float> x) {
  double squares = 0;
  for (const float value : x) squares += double{value} * value;
  return std::sqrt(squares);
}

void scale(double factor, std::span<float> d) {
  for (float& value : d) value = static_cast<float>(factor * value);
}

void normalize_filters(std::size_t filters, std::span<const float> w, std::span<float> d) {
  if (d.empty()) return;
  const std::size_t size = d.size() / filters;
  for (std::size_t begin = 0; begin < d.size(); begin += size) {
    const std::span<float> filter = d.subspan(begin, size);
    scale(norm(w.subspan(begin, size)) / (norm(filter) + 1e-10), filter);
  }
}

/// Scales d to w, both one slot in PyTorch's order with `filters` rows.
void normalize_slot(Normalize normalize, std::size_t filters, std::span<const float> w, std::span<float> d) {
  switch (normalize) {
    case Normalize::filter:
      return normalize_filters(filters, w, d);
    case Normalize::layer: {
      const double length = norm(d);
      return scale(length > 0 ? norm(w) / length : 0, d);
    }
    case Normalize::weight:
      for (std::size_t i = 0; i < d.size(); ++i) d[i] *= w[i];
      return;
    case Normalize::none:
      return;
  }
}

bool has_one_axis(const ParamSlot& slot) { return slot.torch_shape.rank() <= 1; }

std::span<const float> slot_of(std::span<const float> model, const ParamSlot& slot) {
  return model.subspan(static_cast<std::size_t>(slot.offset), static_cast<std::size_t>(slot.size()));
}

std::vector<float> torch_values(const ParamSlot& slot, std::span<const float> model) {
  std::vector<float> values(static_cast<std::size_t>(slot.size()));
  to_torch_order(slot, slot_of(model, slot), values);
  return values;
}

void put(const ParamSlot& slot, std::span<const float> values, std::span<float> direction) {
  const std::span<float> ours =
      direction.subspan(static_cast<std::size_t>(slot.offset), static_cast<std::size_t>(slot.size()));
  from_torch_order(slot, values, ours);
}

void check_model(const ParamLayout& layout, std::span<const float> model) {
  FEDSCAPE_CHECK(static_cast<std::int64_t>(model.size()) == layout.size(), "{} values for a network of {} parameters",
                 model.size(), layout.size());
}

}  // namespace

std::vector<float> random_direction(const ParamLayout& layout, std::span<const float> origin, Normalize normalize,
                                    bool ignore_biasbn, const RngKey& key) {
  check_model(layout, origin);
  std::vector<float> direction(origin.size(), 0.0f);
  RngKey slot_key = key;
  slot_key.step = 0;
  for (const ParamSlot& slot : layout.slots()) {
    if (slot.role == ParamRole::statistic) continue;
    const bool ignored = ignore_biasbn && has_one_axis(slot);
    if (!ignored) {
      const std::vector<float> w = torch_values(slot, origin);
      std::vector<float> d(w.size());
      fill_normal(slot_key, 0, 1, d);
      if (has_one_axis(slot) && normalize != Normalize::none)
        d = w;
      else
        normalize_slot(normalize, static_cast<std::size_t>(slot.torch_shape[0]), w, d);
      put(slot, d, direction);
    }
    ++slot_key.step;
  }
  return direction;
}

std::vector<float> difference_direction(const ParamLayout& layout, std::span<const float> origin,
                                        std::span<const float> model, Normalize normalize, bool ignore_biasbn,
                                        bool states) {
  check_model(layout, origin);
  check_model(layout, model);
  std::vector<float> direction(origin.size(), 0.0f);
  for (const ParamSlot& slot : layout.slots()) {
    const bool statistic = slot.role == ParamRole::statistic;
    if (statistic ? !states : ignore_biasbn && has_one_axis(slot)) continue;
    const std::vector<float> w = torch_values(slot, origin);
    std::vector<float> d = torch_values(slot, model);
    for (std::size_t i = 0; i < d.size(); ++i) d[i] -= w[i];
    const std::size_t filters = has_one_axis(slot) ? 1 : static_cast<std::size_t>(slot.torch_shape[0]);
    if (!statistic) normalize_slot(normalize, filters, w, d);
    put(slot, d, direction);
  }
  return direction;
}

Plane make_plane(Stream& stream, std::span<const float> origin, std::span<const float> x, std::span<const float> y) {
  FEDSCAPE_CHECK(x.size() == origin.size(), "a direction of {} values at an origin of {}", x.size(), origin.size());
  FEDSCAPE_CHECK(y.empty() || y.size() == origin.size(), "a direction of {} values at an origin of {}", y.size(),
                 origin.size());
  std::vector<float> rows(3 * origin.size(), 0.0f);
  const auto end_of_origin = std::copy(origin.begin(), origin.end(), rows.begin());
  const auto end_of_x = std::copy(x.begin(), x.end(), end_of_origin);
  std::copy(y.begin(), y.end(), end_of_x);
  return {to_device(stream, rows, {3, static_cast<std::int64_t>(origin.size())}), y.empty()};
}

std::uint64_t fingerprint(Stream& stream, const Plane& plane) {
  const std::vector<float> rows = to_host(stream, plane.basis.view());
  return fnv1a(std::as_bytes(std::span(rows)));
}

double cosine(std::span<const float> a, std::span<const float> b) {
  FEDSCAPE_CHECK(a.size() == b.size(), "an angle between directions of {} and {} values", a.size(), b.size());
  double product = 0;
  for (std::size_t i = 0; i < a.size(); ++i) product += double{a[i]} * b[i];
  const double lengths = norm(a) * norm(b);
  return lengths > 0 ? product / lengths : 0;
}

}  // namespace fedscape
