#pragma once

/// Marks a function that both the host compiler and nvcc may compile for the device.
#ifdef __CUDACC__
#define FEDSCAPE_HOST_DEVICE __host__ __device__
#else
#define FEDSCAPE_HOST_DEVICE
#endif
