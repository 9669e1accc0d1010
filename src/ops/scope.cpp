#include "fedscape/ops/scope.hpp"

#include "fedscape/base/check.hpp"
#include "kernels/scope.hpp"

namespace fedscape::ops {

void scope_terms(Stream& stream, ScopeFusion fusion, std::int64_t length, Slot<const float> w, Slot<float> terms,
                 std::int64_t models) {
  FEDSCAPE_CHECK(length >= 1 && models >= 0, "scope_terms: {} weights of {} models; a scope has one weight or more",
                 length, models);
  kernels::dispatch(
      stream, [&](auto on) { kernels::scope_terms(on, stream, fusion, length, w, terms, static_cast<int>(models)); });
}

void fused_scopes(Stream& stream, ScopeFusion fusion, View<const float> terms, View<float> scopes) {
  FEDSCAPE_CHECK(terms.shape == scopes.shape && terms.shape.rank() == 2 && terms.shape[1] == 2,
                 "fused_scopes: terms {}, scopes {}; expected [L,2] of both", terms.shape.text(), scopes.shape.text());
  kernels::dispatch(
      stream, [&](auto on) { kernels::fused_scopes(on, stream, fusion, terms.data, scopes.data, terms.shape[0]); });
}

void align_scope(Stream& stream, ScopeDivergence divergence, double weight, std::int64_t length, Slot<const float> w,
                 View<const float> target, View<float> loss, Slot<float> grads) {
  FEDSCAPE_CHECK(loss.shape.rank() == 1 && target.size() == 2 && length >= 1,
                 "align_scope: loss {}, target {}, {} weights; expected [M], two floats, one weight or more",
                 loss.shape.text(), target.shape.text(), length);
  kernels::dispatch(stream, [&](auto on) {
    kernels::align_scope(on, stream, divergence, weight, length, w, target.data, loss.data, grads,
                         static_cast<int>(loss.shape[0]));
  });
}

}  // namespace fedscape::ops
