#pragma once

/// Marks a function that both the host compiler and nvcc may compile for the device; and a loop that the device runs
/// without counting, so that arrays indexed in it can be registers.
#ifdef __CUDACC__
#define FEDSCAPE_HOST_DEVICE __host__ __device__
#define FEDSCAPE_UNROLL _Pragma("unroll")
#else
#define FEDSCAPE_HOST_DEVICE
#define FEDSCAPE_UNROLL
#endif
