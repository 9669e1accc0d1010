#pragma once

#include "cuda_runtime.h"

// No handle can be made: nothing that is emulated may ask cuDNN.
using cudnnHandle_t = struct EmulatedDnn*;
enum cudnnStatus_t { CUDNN_STATUS_SUCCESS, CUDNN_STATUS_NOT_INITIALIZED };
inline cudnnStatus_t cudnnCreate(cudnnHandle_t*) { return CUDNN_STATUS_NOT_INITIALIZED; }
inline cudnnStatus_t cudnnDestroy(cudnnHandle_t) { return CUDNN_STATUS_SUCCESS; }
inline cudnnStatus_t cudnnSetStream(cudnnHandle_t, cudaStream_t) { return CUDNN_STATUS_NOT_INITIALIZED; }
inline const char* cudnnGetErrorString(cudnnStatus_t) { return "cuDNN is not emulated"; }
