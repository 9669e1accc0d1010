#pragma once

#include "cuda_runtime.h"

// No handle can be made: nothing that is emulated may ask cuBLAS.
using cublasHandle_t = struct EmulatedBlas*;
enum cublasStatus_t { CUBLAS_STATUS_SUCCESS, CUBLAS_STATUS_NOT_INITIALIZED };
inline cublasStatus_t cublasCreate(cublasHandle_t*) { return CUBLAS_STATUS_NOT_INITIALIZED; }
inline cublasStatus_t cublasDestroy(cublasHandle_t) { return CUBLAS_STATUS_SUCCESS; }
inline cublasStatus_t cublasSetStream(cublasHandle_t, cudaStream_t) { return CUBLAS_STATUS_NOT_INITIALIZED; }
inline const char* cublasGetStatusString(cublasStatus_t) { return "cuBLAS is not emulated"; }
