#include "fedscape/base/check.hpp"
#include "kernels/backend.hpp"

namespace fedscape::kernels {

void missing_on_cuda(const char* name) {
  fail(fmt::format("{} does not run on CUDA devices yet; use --device cpu", name));
}

}  // namespace fedscape::kernels
