#include "fedscape/nn/init.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "fedscape/base/suggest.hpp"

namespace fedscape {

namespace {

constexpr std::array<std::string_view, 4> kSchemes = {"torch", "authors", "xavier", "landscape"};

/// Uniform in [-bound, bound) or normal with deviation `bound`.
struct Law {
  bool uniform = true;
  double bound = 0;
};

Law law_of(const ParamSlot& slot, std::string_view scheme) {
  const double fan_in = static_cast<double>(slot.fan_in), fan_out = static_cast<double>(slot.fan_out);
  const bool conv = slot.torch_shape.rank() == 4;
  if (slot.init == ParamInit::bias_fan_in)
    return scheme == "torch" || scheme == "xavier" ? Law{true, 1 / std::sqrt(fan_in)} : Law{true, 0};
  if (scheme == "torch") return {true, 1 / std::sqrt(fan_in)};
  if (scheme == "xavier") return {true, std::sqrt(6 / (fan_in + fan_out))};
  if (scheme == "authors") return {false, conv ? std::sqrt(2 / fan_out) : 0.01};
  return {false, conv ? std::sqrt(2 / fan_in) : 0.001};
}

}  // namespace

void init_params(const Network& network, std::string_view scheme, std::uint64_t seed, std::span<float> params) {
  const ParamLayout& layout = network.layout();
  FEDSCAPE_CHECK(std::find(kSchemes.begin(), kSchemes.end(), scheme) != kSchemes.end(), "init is '{}'{}", scheme,
                 suggestion(scheme, kSchemes));
  FEDSCAPE_CHECK(static_cast<std::int64_t>(params.size()) == layout.size(), "room for {} parameters of {}",
                 params.size(), layout.size());
  std::vector<float> drawn;  // in PyTorch's order, so that a seed means the same network whatever our layout
  for (std::uint32_t i = 0; i < layout.slots().size(); ++i) {
    const ParamSlot& slot = layout.slots()[i];
    const std::span<float> out =
        params.subspan(static_cast<std::size_t>(slot.offset), static_cast<std::size_t>(slot.size()));
    if (slot.init == ParamInit::zero || slot.init == ParamInit::one) {
      std::fill(out.begin(), out.end(), slot.init == ParamInit::one ? 1.0f : 0.0f);
      continue;
    }
    const Law law = law_of(slot, scheme);
    const float bound = static_cast<float>(law.bound);
    const RngKey key{.seed = seed, .purpose = Purpose::init, .client = i};
    drawn.resize(out.size());
    if (law.uniform)
      fill_uniform(key, -bound, bound, drawn);
    else
      fill_normal(key, 0, bound, drawn);
    from_torch_order(slot, drawn, out);
  }
}

}  // namespace fedscape
