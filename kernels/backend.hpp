#pragma once

#include "fedscape/device/stream.hpp"

namespace fedscape::kernels {

struct Cpu {};
struct Cuda {};

#ifdef FEDSCAPE_WITH_CUDA
inline constexpr bool kHasCuda = true;
#else
inline constexpr bool kHasCuda = false;
#endif

/// Declares a kernel once for both back ends. A CPU-only program never refers to the Cuda body.
#define FEDSCAPE_KERNEL(result, name, ...) \
  result name(Cpu, __VA_ARGS__);           \
  result name(Cuda, __VA_ARGS__)

/// Calls f(Cpu{}) or f(Cuda{}), as the stream's device says.
template <class F>
decltype(auto) dispatch(Stream& stream, F&& f) {
  if constexpr (kHasCuda) {
    if (stream.device().kind == DeviceKind::cuda) return f(Cuda{});
  }
  return f(Cpu{});
}

}  // namespace fedscape::kernels
