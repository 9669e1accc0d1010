#include "fedscape/algo/federated/sign_alignment.hpp"

#include <cmath>

#include "fedscape/base/suggest.hpp"
#include "fedscape/ops/reduce.hpp"
#include "fedscape/ops/sign_alignment.hpp"

namespace fedscape {

namespace {

constexpr std::string_view kKinds[] = {"hinge", "logistic"};  // in the order of Kind
constexpr std::string_view kScales[] = {"sum", "mean"};

ops::SignAlignment::Kind kind_of(std::string_view name) {
  return static_cast<ops::SignAlignment::Kind>(choice_of("sign.kind", name, kKinds));
}

std::int64_t trained_parameters(const ParamLayout& layout) {
  std::int64_t count = 0;
  for (const auto& run : layout.trained()) count += run.second - run.first;
  return count;
}

}  // namespace

void SignAlignment::options(Fields& f) {
  f.field("gamma", gamma, "FedSign: weight of parameters whose sign is not the wanted one; 0: none, 0.01 is usual");
  f.field("kind", kind, "FedSign: hinge or logistic");
  f.field("slope", slope, "FedSign: of the logistic");
  f.field("scale", scale, "FedSign: sum over parameters, or mean");
  f.field("threshold", threshold, "FedSign: parameters of a smaller magnitude in the global model are left alone");
  f.field("elect", elect, "FedSign: the sign of most clients of the last round, instead of the global model's");
}

FederatedAlgorithm::Footprint SignAlignment::footprint(const Problem& problem) const {
  FEDSCAPE_CHECK(gamma >= 0 && std::isfinite(gamma), "sign.gamma: 0 or more was expected, not {}", gamma);
  FEDSCAPE_CHECK(slope > 0 && std::isfinite(slope), "sign.slope: a number above 0 was expected, not {}", slope);
  FEDSCAPE_CHECK(threshold >= 0, "sign.threshold: 0 or more was expected, not {}", threshold);
  kind_of(kind);
  check_choice("sign.scale", scale, kScales);
  const std::int64_t elected = elect ? problem.layout.size() : 0;
  return {.server = elected, .upload = elected};
}

void SignAlignment::add_gradient(const LocalStep& step, View<float> loss, View<float> grads) const {
  const ParamLayout& layout = step.network.layout();
  const double weight = scale == "sum" ? gamma : gamma / static_cast<double>(trained_parameters(layout));
  const ops::SignAlignment alignment{kind_of(kind), static_cast<float>(weight), static_cast<float>(slope),
                                     static_cast<float>(threshold)};
  const float* const wanted = elect ? step.server_memory.data : step.global.data;
  for (const auto& run : layout.trained())
    ops::align_signs(step.stream, alignment, run.second - run.first, slot(step.params, run.first),
                     {wanted + run.first, 0}, {step.global.data + run.first, 0}, loss, slot(grads, run.first));
}

void SignAlignment::upload(const LocalResult& result, View<float> upload) const {
  if (elect) ops::signs(result.stream, result.params, upload);
}

/// The weighted mean of signs has the sign of the majority, and is 0 where the clients tie: their sum is exact.
void SignAlignment::server_update(const ServerStep& step) const {
  if (elect) ops::axpby(step.stream, 1, step.mean, 0, step.memory);
}

}  // namespace fedscape
