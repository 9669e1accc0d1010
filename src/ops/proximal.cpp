#include "fedscape/ops/proximal.hpp"

#include "fedscape/base/check.hpp"
#include "kernels/proximal.hpp"

namespace fedscape::ops {

void proximal(Stream& stream, Proximal kind, float weight, std::int64_t length, Slot<const float> w,
              Slot<const float> reference, View<float> loss, Slot<float> grads) {
  FEDSCAPE_CHECK(loss.shape.rank() == 1 && length >= 0, "loss {} and {} parameters; loss is [M]", loss.shape.text(),
                 length);
  const int models = static_cast<int>(loss.shape[0]);
  kernels::dispatch(stream, [&](auto on) {
    kernels::proximal(on, stream, kind, weight, length, w, reference, loss.data, grads, models);
  });
}

}  // namespace fedscape::ops
