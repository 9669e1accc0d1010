#include "fedscape/algo/federated/wsa.hpp"

#include <cmath>

#include "fedscape/base/suggest.hpp"
#include "fedscape/ops/scope.hpp"

namespace fedscape {

namespace {

constexpr std::string_view kDivergences[] = {"current_target", "target_current"};  // in the order of ScopeDivergence
constexpr std::string_view kScales[] = {"mean", "sum"};
constexpr std::string_view kFusions[] = {"mean", "mixture", "precision"};  // in the order of ScopeFusion

ops::ScopeDivergence divergence_of(std::string_view name) {
  return static_cast<ops::ScopeDivergence>(choice_of("wsa.divergence", name, kDivergences));
}
ops::ScopeFusion fusion_of(std::string_view name) {
  return static_cast<ops::ScopeFusion>(choice_of("wsa.fusion", name, kFusions));
}

/// Calls visit(slot, l) for the layers that have scopes; l counts them. One weight has no deviation to align.
template <class Visit>
void for_each_layer(const ParamLayout& layout, Visit&& visit) {
  std::int64_t l = 0;
  for (const ParamSlot& slot : layout.slots())
    if (slot.role == ParamRole::weight && slot.size() >= 2) visit(slot, l++);
}

}  // namespace

void Wsa::options(Fields& f) {
  f.field("lambda", lambda, "WSA: weight of the divergence of layers' weight scopes; 0: none, 0.01 is usual");
  f.field("divergence", divergence, "WSA: current_target, KL(client || target), or target_current, the reverse");
  f.field("scale", scale, "WSA: sum (each layer counts its number of weights), or mean (each layer counts once)");
  f.field("fusion", fusion, "WSA: clients' scopes become the target by mean, mixture or precision");
}

FederatedAlgorithm::Footprint Wsa::footprint(const Problem& problem) const {
  FEDSCAPE_CHECK(lambda >= 0 && std::isfinite(lambda), "wsa.lambda: 0 or more was expected, not {}", lambda);
  check_choice("wsa.scale", scale, kScales);
  divergence_of(divergence);
  fusion_of(fusion);
  std::int64_t layers = 0;
  for_each_layer(problem.layout, [&](const ParamSlot&, std::int64_t) { ++layers; });
  return {.server = 2 * layers, .upload = 2 * layers};
}

void Wsa::add_gradient(const LocalStep& step, View<float> loss, View<float> grads) const {
  for_each_layer(step.network.layout(), [&](const ParamSlot& layer, std::int64_t l) {
    const double weight = scale == "sum" ? lambda * static_cast<double>(layer.size()) : lambda;
    ops::align_scope(step.stream, divergence_of(divergence), weight, layer.size(), slot(step.params, layer.offset),
                     {step.server_memory.data + 2 * l, {2}}, loss, slot(grads, layer.offset));
  });
}

void Wsa::upload(const LocalResult& result, View<float> upload) const {
  for_each_layer(result.network.layout(), [&](const ParamSlot& layer, std::int64_t l) {
    ops::scope_terms(result.stream, fusion_of(fusion), layer.size(), slot(result.params, layer.offset),
                     slot(upload, 2 * l), upload.shape[0]);
  });
}

void Wsa::server_update(const ServerStep& step) const {
  const Shape layers = {step.memory.size() / 2, 2};
  ops::fused_scopes(step.stream, fusion_of(fusion), step.mean.as(layers), step.memory.as(layers));
}

}  // namespace fedscape
