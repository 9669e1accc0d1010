#pragma once

#include <cstddef>

#include "cuda_runtime.h"

/// cuDNN as far as kernels/cuda uses it: convolutions of channels-last samples, term after term.

enum cudnnStatus_t { CUDNN_STATUS_SUCCESS = 0, CUDNN_STATUS_ALLOC_FAILED = 1003, CUDNN_STATUS_BAD_PARAM = 2000 };
enum cudnnTensorFormat_t { CUDNN_TENSOR_NHWC = 1 };
enum cudnnDataType_t { CUDNN_DATA_FLOAT = 0 };
enum cudnnConvolutionMode_t { CUDNN_CROSS_CORRELATION = 1 };
enum cudnnMathType_t { CUDNN_DEFAULT_MATH = 0, CUDNN_FMA_MATH = 3 };
enum cudnnConvolutionFwdAlgo_t { CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM = 1 };
enum cudnnConvolutionBwdDataAlgo_t { CUDNN_CONVOLUTION_BWD_DATA_ALGO_1 = 1 };
enum cudnnConvolutionBwdFilterAlgo_t { CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1 = 1 };

struct cudnnContext {
  cudaStream_t stream = nullptr;
};
struct EmulatedTensor4 {
  int n, channels, height, width;  // of filters: how many, channels of a group
};
struct EmulatedConvolution {
  int pad_y, pad_x, stride_y, stride_x, dilation_y, dilation_x, groups = 1;
};
using cudnnHandle_t = cudnnContext*;
using cudnnTensorDescriptor_t = EmulatedTensor4*;
using cudnnFilterDescriptor_t = struct EmulatedFilters*;
struct EmulatedFilters : EmulatedTensor4 {};
using cudnnConvolutionDescriptor_t = EmulatedConvolution*;

inline const char* cudnnGetErrorString(cudnnStatus_t) { return "the emulated cuDNN refuses this"; }
inline std::size_t cudnnGetVersion() { return 0; }
inline cudnnStatus_t cudnnCreate(cudnnHandle_t* made) { return *made = new cudnnContext, CUDNN_STATUS_SUCCESS; }
inline cudnnStatus_t cudnnDestroy(cudnnHandle_t handle) { return delete handle, CUDNN_STATUS_SUCCESS; }
inline cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream) {
  return handle->stream = stream, CUDNN_STATUS_SUCCESS;
}
inline cudnnStatus_t cudnnCreateTensorDescriptor(cudnnTensorDescriptor_t* made) {
  return *made = new EmulatedTensor4{}, CUDNN_STATUS_SUCCESS;
}
inline cudnnStatus_t cudnnDestroyTensorDescriptor(cudnnTensorDescriptor_t of) {
  return delete of, CUDNN_STATUS_SUCCESS;
}
inline cudnnStatus_t cudnnSetTensor4dDescriptor(cudnnTensorDescriptor_t of, cudnnTensorFormat_t, cudnnDataType_t, int n,
                                                int channels, int height, int width) {
  return *of = {n, channels, height, width}, CUDNN_STATUS_SUCCESS;
}
inline cudnnStatus_t cudnnCreateFilterDescriptor(cudnnFilterDescriptor_t* made) {
  return *made = new EmulatedFilters{}, CUDNN_STATUS_SUCCESS;
}
inline cudnnStatus_t cudnnDestroyFilterDescriptor(cudnnFilterDescriptor_t of) {
  return delete of, CUDNN_STATUS_SUCCESS;
}
inline cudnnStatus_t cudnnSetFilter4dDescriptor(cudnnFilterDescriptor_t of, cudnnDataType_t, cudnnTensorFormat_t, int n,
                                                int channels, int height, int width) {
  return *of = {{n, channels, height, width}}, CUDNN_STATUS_SUCCESS;
}
inline cudnnStatus_t cudnnCreateConvolutionDescriptor(cudnnConvolutionDescriptor_t* made) {
  return *made = new EmulatedConvolution{}, CUDNN_STATUS_SUCCESS;
}
inline cudnnStatus_t cudnnDestroyConvolutionDescriptor(cudnnConvolutionDescriptor_t of) {
  return delete of, CUDNN_STATUS_SUCCESS;
}
inline cudnnStatus_t cudnnSetConvolution2dDescriptor(cudnnConvolutionDescriptor_t of, int pad_y, int pad_x,
                                                     int stride_y, int stride_x, int dilation_y, int dilation_x,
                                                     cudnnConvolutionMode_t, cudnnDataType_t) {
  return *of = {pad_y, pad_x, stride_y, stride_x, dilation_y, dilation_x}, CUDNN_STATUS_SUCCESS;
}
inline cudnnStatus_t cudnnSetConvolutionGroupCount(cudnnConvolutionDescriptor_t of, int groups) {
  return of->groups = groups, CUDNN_STATUS_SUCCESS;
}
inline cudnnStatus_t cudnnSetConvolutionMathType(cudnnConvolutionDescriptor_t, cudnnMathType_t) {
  return CUDNN_STATUS_SUCCESS;
}

/// As much as x and y take, all of which the convolutions overwrite, so that it shows where too little is given.
cudnnStatus_t cudnnGetConvolutionForwardWorkspaceSize(cudnnHandle_t, cudnnTensorDescriptor_t x, cudnnFilterDescriptor_t,
                                                      cudnnConvolutionDescriptor_t, cudnnTensorDescriptor_t y,
                                                      cudnnConvolutionFwdAlgo_t, std::size_t* bytes);
cudnnStatus_t cudnnGetConvolutionBackwardDataWorkspaceSize(cudnnHandle_t, cudnnFilterDescriptor_t,
                                                           cudnnTensorDescriptor_t dy, cudnnConvolutionDescriptor_t,
                                                           cudnnTensorDescriptor_t dx, cudnnConvolutionBwdDataAlgo_t,
                                                           std::size_t* bytes);
cudnnStatus_t cudnnGetConvolutionBackwardFilterWorkspaceSize(cudnnHandle_t, cudnnTensorDescriptor_t x,
                                                             cudnnTensorDescriptor_t dy, cudnnConvolutionDescriptor_t,
                                                             cudnnFilterDescriptor_t, cudnnConvolutionBwdFilterAlgo_t,
                                                             std::size_t* bytes);
cudnnStatus_t cudnnConvolutionForward(cudnnHandle_t handle, const void* alpha, cudnnTensorDescriptor_t of_x,
                                      const void* x, cudnnFilterDescriptor_t of_w, const void* w,
                                      cudnnConvolutionDescriptor_t of, cudnnConvolutionFwdAlgo_t, void* workspace,
                                      std::size_t bytes, const void* beta, cudnnTensorDescriptor_t of_y, void* y);
cudnnStatus_t cudnnConvolutionBackwardData(cudnnHandle_t handle, const void* alpha, cudnnFilterDescriptor_t of_w,
                                           const void* w, cudnnTensorDescriptor_t of_dy, const void* dy,
                                           cudnnConvolutionDescriptor_t of, cudnnConvolutionBwdDataAlgo_t,
                                           void* workspace, std::size_t bytes, const void* beta,
                                           cudnnTensorDescriptor_t of_dx, void* dx);
cudnnStatus_t cudnnConvolutionBackwardFilter(cudnnHandle_t handle, const void* alpha, cudnnTensorDescriptor_t of_x,
                                             const void* x, cudnnTensorDescriptor_t of_dy, const void* dy,
                                             cudnnConvolutionDescriptor_t of, cudnnConvolutionBwdFilterAlgo_t,
                                             void* workspace, std::size_t bytes, const void* beta,
                                             cudnnFilterDescriptor_t of_dw, void* dw);
