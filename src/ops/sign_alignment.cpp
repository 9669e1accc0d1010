#include "fedscape/ops/sign_alignment.hpp"

#include "fedscape/base/check.hpp"
#include "kernels/sign_alignment.hpp"

namespace fedscape::ops {

void align_signs(Stream& stream, const SignAlignment& alignment, std::int64_t length, Slot<const float> w,
                 Slot<const float> wanted, Slot<const float> reference, View<float> loss, Slot<float> grads) {
  FEDSCAPE_CHECK(loss.shape.rank() == 1 && length >= 0, "align_signs: loss {} and {} parameters; loss is [M]",
                 loss.shape.text(), length);
  kernels::dispatch(stream, [&](auto on) {
    kernels::align_signs(on, stream, alignment, length, w, wanted, reference, loss.data, grads,
                         static_cast<int>(loss.shape[0]));
  });
}

void signs(Stream& stream, View<const float> x, View<float> out) {
  FEDSCAPE_CHECK(x.shape == out.shape, "signs: x {} and out {} differ in shape", x.shape.text(), out.shape.text());
  kernels::dispatch(stream, [&](auto on) { kernels::signs(on, stream, x.data, out.data, x.size()); });
}

}  // namespace fedscape::ops
