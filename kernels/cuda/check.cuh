#pragma once

#include <cublasLt.h>
#include <cuda_runtime.h>
#include <cudnn.h>

#include "fedscape/device/memory.hpp"

namespace fedscape::cuda {

/// Throws an Error with the call's text, the library's own words, file and line: OutOfMemory where that is what it
/// lacks.
[[noreturn]] inline void fail_call(const char* call, const char* reason, bool memory, const char* file, int line) {
  const std::string text = fmt::format("{} failed: {} ({}:{})", call, reason, file, line);
  if (!memory) fail(text);
  cudaGetLastError();  // not to be reported again by those who go on with less
  throw OutOfMemory(text);
}

}  // namespace fedscape::cuda

#define FEDSCAPE_CHECK_STATUS(call, good, no_memory, reason)                                         \
  do {                                                                                               \
    if (const auto status = (call); status != (good)) [[unlikely]]                                   \
      ::fedscape::cuda::fail_call(#call, reason(status), status == (no_memory), __FILE__, __LINE__); \
  } while (false)

#define CUDA_CHECK(call) FEDSCAPE_CHECK_STATUS(call, cudaSuccess, cudaErrorMemoryAllocation, cudaGetErrorString)
#define CUBLAS_CHECK(call) \
  FEDSCAPE_CHECK_STATUS(call, CUBLAS_STATUS_SUCCESS, CUBLAS_STATUS_ALLOC_FAILED, cublasLtGetStatusString)
#define CUDNN_CHECK(call) \
  FEDSCAPE_CHECK_STATUS(call, CUDNN_STATUS_SUCCESS, CUDNN_STATUS_ALLOC_FAILED, cudnnGetErrorString)
