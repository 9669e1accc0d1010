#include "fedscape/ops/precision.hpp"

#include "fedscape/base/check.hpp"
#include "fedscape/base/suggest.hpp"

namespace fedscape {

Precision parse_precision(std::string_view name) {
  return static_cast<Precision>(choice_of("precision", name, kPrecisionNames));
}

void use_tf32(Stream& stream, bool tf32) {
  FEDSCAPE_CHECK(!tf32 || stream.device().kind == DeviceKind::cuda,
                 "precision tf32 is one of CUDA devices: it needs --device cuda");
  stream.set_tf32(tf32);
}

}  // namespace fedscape
