#include "fedscape/device/pick.hpp"

#include "fedscape/base/check.hpp"
#include "fedscape/base/log.hpp"
#include "fedscape/device/cuda.hpp"

namespace fedscape {

Device pick_device(std::string_view name, int nth) {
  FEDSCAPE_CHECK(name == "auto" || name == "cpu" || name == "cuda", "device '{}'; possible: auto, cpu, cuda", name);
  if (name == "cpu") return {};
  const int devices = cuda_device_count();
  if (devices > 0 && name == "cuda") return {DeviceKind::cuda, nth % devices};
  if (devices > 0) {  // until tests/gpu.sh has passed on one
    log_info("there is a CUDA device, which only --device cuda takes so far: running on the CPU");
    return {};
  }
  FEDSCAPE_CHECK(name == "auto", "--device cuda: no usable CUDA device: {}; use --device auto or cpu",
                 cuda::why_no_device());
  if (cuda::kBuilt) log_info("no usable CUDA device ({}): running on the CPU", cuda::why_no_device());
  return {};
}

}  // namespace fedscape
