#pragma once

#include <cublasLt.h>
#include <cuda_runtime.h>
#include <cudnn.h>

#include "fedscape/base/check.hpp"

namespace fedscape::cuda {

/// Throws an Error with the call's text, the library's own words, file and line.
[[noreturn]] inline void fail_call(const char* call, const char* reason, const char* file, int line) {
  fail(fmt::format("{} failed: {} ({}:{})", call, reason, file, line));
}

}  // namespace fedscape::cuda

#define FEDSCAPE_CHECK_STATUS(call, good, reason)                             \
  do {                                                                        \
    if (const auto status = (call); status != (good)) [[unlikely]]            \
      ::fedscape::cuda::fail_call(#call, reason(status), __FILE__, __LINE__); \
  } while (false)

#define CUDA_CHECK(call) FEDSCAPE_CHECK_STATUS(call, cudaSuccess, cudaGetErrorString)
#define CUBLAS_CHECK(call) FEDSCAPE_CHECK_STATUS(call, CUBLAS_STATUS_SUCCESS, cublasLtGetStatusString)
#define CUDNN_CHECK(call) FEDSCAPE_CHECK_STATUS(call, CUDNN_STATUS_SUCCESS, cudnnGetErrorString)
