#include "kernels/cpu/native.hpp"

#include <omp.h>

namespace fedscape {

Stream::CpuNative::CpuNative() : engine((omp_set_num_threads(1), dnnl::engine::kind::cpu), 0), stream(engine) {}

Stream::CpuNative* Stream::make_cpu() { return new CpuNative; }
void Stream::DestroyCpu::operator()(CpuNative* native) const noexcept { delete native; }

}  // namespace fedscape
