#include "cublasLt.h"
#include "cudnn.h"
#include "tests/emulation/device_memory.hpp"

namespace {

using fedscape::emulation::OpenDeviceMemory;

template <class T>
cublasStatus_t take(T& out, const void* value, std::size_t bytes) {
  if (bytes != sizeof out) return CUBLAS_STATUS_INVALID_VALUE;
  std::memcpy(&out, value, bytes);
  return CUBLAS_STATUS_SUCCESS;
}

/// Element (row, column) of op(matrix) of a batch.
float element(const void* data, const EmulatedMatrix& of, cublasOperation_t operation, int batch, std::int64_t row,
              std::int64_t column) {
  if (operation == CUBLAS_OP_T) std::swap(row, column);
  return static_cast<const float*>(data)[batch * of.stride + column * of.pitch + row];
}

/// An alpha of 1, or a beta of 0 or 1: all that is used here.
bool is(const void* factor, float value) { return *static_cast<const float*>(factor) == value; }
bool simple(const void* alpha, const void* beta) { return is(alpha, 1) && (is(beta, 0) || is(beta, 1)); }

std::size_t floats(const EmulatedTensor4& of) {
  return std::size_t(of.n) * std::size_t(of.channels) * std::size_t(of.height) * std::size_t(of.width);
}
std::size_t workspace_of(const EmulatedTensor4& x, const EmulatedTensor4& y) {
  return (floats(x) + floats(y)) * sizeof(float);
}

bool aligned(const void* data) { return reinterpret_cast<std::uintptr_t>(data) % 16 == 0; }

struct Shape4 {
  EmulatedTensor4 of;
  std::size_t operator()(int n, int y, int x, int channel) const {
    return ((std::size_t(n) * std::size_t(of.height) + std::size_t(y)) * std::size_t(of.width) + std::size_t(x)) *
               std::size_t(of.channels) +
           std::size_t(channel);
  }
};

/// f(place in x, in the filters, in y) for every product of a convolution.
template <class F>
void each_product(EmulatedTensor4 x, EmulatedTensor4 w, EmulatedTensor4 y, EmulatedConvolution of, const F& f) {
  const Shape4 in_x{x}, in_w{w}, in_y{y};
  for (int n = 0; n < y.n; ++n)
    for (int row = 0; row < y.height; ++row)
      for (int column = 0; column < y.width; ++column)
        for (int filter = 0; filter < w.n; ++filter)
          for (int ky = 0; ky < w.height; ++ky)
            for (int kx = 0; kx < w.width; ++kx) {
              const int of_row = row * of.stride_y - of.pad_y + ky * of.dilation_y;
              const int of_column = column * of.stride_x - of.pad_x + kx * of.dilation_x;
              if (of_row < 0 || of_row >= x.height || of_column < 0 || of_column >= x.width) continue;
              const int first = filter / (w.n / of.groups) * w.channels;
              for (int c = 0; c < w.channels; ++c)
                f(in_x(n, of_row, of_column, first + c), in_w(filter, ky, kx, c), in_y(n, row, column, filter));
            }
}

/// result = sums of one array's elements times another's, or added to it.
template <class Each>
cudnnStatus_t convolve(cudnnHandle_t handle, const void* alpha, const void* beta, const void* left, const void* right,
                       void* workspace, std::size_t bytes, std::size_t least, void* result, std::size_t size,
                       const Each& each) {
  if (!simple(alpha, beta) || bytes < least || !aligned(left) || !aligned(right) || !aligned(result))
    return CUDNN_STATUS_BAD_PARAM;
  const bool add = is(beta, 1);
  fedscape::emulation::in_order(handle->stream, [=] {
    const OpenDeviceMemory open;
    std::memset(workspace, 0xff, bytes);
    auto* const out = static_cast<float*>(result);
    std::vector<float> sums(size, 0.0f);
    if (add) std::copy(out, out + size, sums.begin());
    each([&](std::size_t a, std::size_t b, std::size_t to) {
      sums[to] += static_cast<const float*>(left)[a] * static_cast<const float*>(right)[b];
    });
    std::copy(sums.begin(), sums.end(), out);
  });
  return CUDNN_STATUS_SUCCESS;
}

}  // namespace

cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t of, cublasLtMatmulDescAttributes_t name,
                                              const void* value, std::size_t bytes) {
  return take(name == CUBLASLT_MATMUL_DESC_TRANSA ? of->a : of->b, value, bytes);
}

cublasStatus_t cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t of, cublasLtMatrixLayoutAttribute_t name,
                                                const void* value, std::size_t bytes) {
  return name == CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT ? take(of->batches, value, bytes) : take(of->stride, value, bytes);
}

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t, cublasLtMatmulDesc_t, cublasLtMatrixLayout_t,
                                              cublasLtMatrixLayout_t, cublasLtMatrixLayout_t, cublasLtMatrixLayout_t,
                                              cublasLtMatmulPreference_t, int most,
                                              cublasLtMatmulHeuristicResult_t* advised, int* count) {
  *count = std::min(most, 2);
  for (int i = 0; i < *count; ++i) advised[i].algo.batches = i == 1;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulAlgoCapGetAttribute(const cublasLtMatmulAlgo_t* algorithm,
                                                 cublasLtMatmulAlgoCapAttributes_t, void* value, std::size_t bytes,
                                                 std::size_t* written) {
  const std::int32_t supported = algorithm->batches;
  if (bytes != sizeof supported) return CUBLAS_STATUS_INVALID_VALUE;
  std::memcpy(value, &supported, bytes);
  *written = bytes;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t, cublasLtMatmulDesc_t product, const void* alpha, const void* a,
                              cublasLtMatrixLayout_t of_a, const void* b, cublasLtMatrixLayout_t of_b, const void* beta,
                              const void* c, cublasLtMatrixLayout_t, void* d, cublasLtMatrixLayout_t of_d,
                              const cublasLtMatmulAlgo_t* algorithm, void*, std::size_t, cudaStream_t stream) {
  const std::int64_t depth = product->a == CUBLAS_OP_T ? of_a->rows : of_a->columns;
  const std::int64_t rows = product->a == CUBLAS_OP_T ? of_a->columns : of_a->rows;
  const std::int64_t columns = product->b == CUBLAS_OP_T ? of_b->rows : of_b->columns;
  const bool fits = (product->b == CUBLAS_OP_T ? of_b->columns : of_b->rows) == depth && rows == of_d->rows &&
                    columns == of_d->columns && of_a->batches == of_d->batches && of_b->batches == of_d->batches &&
                    of_a->pitch >= of_a->rows && of_b->pitch >= of_b->rows && of_d->pitch >= of_d->rows;
  if (!fits || !simple(alpha, beta) || c != d) return CUBLAS_STATUS_INVALID_VALUE;
  if (of_d->batches > 1 && !algorithm->batches) return CUBLAS_STATUS_NOT_SUPPORTED;
  const bool add = is(beta, 1);
  const auto work = [=, form = *product, left = *of_a, right = *of_b, out = *of_d] {
    const OpenDeviceMemory open;
    for (int batch = 0; batch < out.batches; ++batch)
      for (std::int64_t column = 0; column < columns; ++column)
        for (std::int64_t row = 0; row < rows; ++row) {
          float* const to = static_cast<float*>(d) + batch * out.stride + column * out.pitch + row;
          float sum = add ? *to : 0;
          for (std::int64_t k = 0; k < depth; ++k)
            sum += element(a, left, form.a, batch, row, k) * element(b, right, form.b, batch, k, column);
          *to = sum;
        }
  };
  fedscape::emulation::in_order(stream, work);
  return CUBLAS_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetConvolutionForwardWorkspaceSize(cudnnHandle_t, cudnnTensorDescriptor_t x, cudnnFilterDescriptor_t,
                                                      cudnnConvolutionDescriptor_t, cudnnTensorDescriptor_t y,
                                                      cudnnConvolutionFwdAlgo_t, std::size_t* bytes) {
  return *bytes = workspace_of(*x, *y), CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnGetConvolutionBackwardDataWorkspaceSize(cudnnHandle_t, cudnnFilterDescriptor_t,
                                                           cudnnTensorDescriptor_t dy, cudnnConvolutionDescriptor_t,
                                                           cudnnTensorDescriptor_t dx, cudnnConvolutionBwdDataAlgo_t,
                                                           std::size_t* bytes) {
  return *bytes = workspace_of(*dx, *dy), CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnGetConvolutionBackwardFilterWorkspaceSize(cudnnHandle_t, cudnnTensorDescriptor_t x,
                                                             cudnnTensorDescriptor_t dy, cudnnConvolutionDescriptor_t,
                                                             cudnnFilterDescriptor_t, cudnnConvolutionBwdFilterAlgo_t,
                                                             std::size_t* bytes) {
  return *bytes = workspace_of(*x, *dy), CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnConvolutionForward(cudnnHandle_t handle, const void* alpha, cudnnTensorDescriptor_t of_x,
                                      const void* x, cudnnFilterDescriptor_t of_w, const void* w,
                                      cudnnConvolutionDescriptor_t of, cudnnConvolutionFwdAlgo_t, void* workspace,
                                      std::size_t bytes, const void* beta, cudnnTensorDescriptor_t of_y, void* y) {
  const auto each = [form_x = *of_x, form_w = *of_w, form_y = *of_y, how = *of](const auto& f) {
    each_product(form_x, form_w, form_y, how, [&](auto in_x, auto in_w, auto in_y) { f(in_x, in_w, in_y); });
  };
  return convolve(handle, alpha, beta, x, w, workspace, bytes, workspace_of(*of_x, *of_y), y, floats(*of_y), each);
}

cudnnStatus_t cudnnConvolutionBackwardData(cudnnHandle_t handle, const void* alpha, cudnnFilterDescriptor_t of_w,
                                           const void* w, cudnnTensorDescriptor_t of_dy, const void* dy,
                                           cudnnConvolutionDescriptor_t of, cudnnConvolutionBwdDataAlgo_t,
                                           void* workspace, std::size_t bytes, const void* beta,
                                           cudnnTensorDescriptor_t of_dx, void* dx) {
  const auto each = [form_x = *of_dx, form_w = *of_w, form_y = *of_dy, how = *of](const auto& f) {
    each_product(form_x, form_w, form_y, how, [&](auto in_x, auto in_w, auto in_y) { f(in_y, in_w, in_x); });
  };
  return convolve(handle, alpha, beta, dy, w, workspace, bytes, workspace_of(*of_dx, *of_dy), dx, floats(*of_dx), each);
}

cudnnStatus_t cudnnConvolutionBackwardFilter(cudnnHandle_t handle, const void* alpha, cudnnTensorDescriptor_t of_x,
                                             const void* x, cudnnTensorDescriptor_t of_dy, const void* dy,
                                             cudnnConvolutionDescriptor_t of, cudnnConvolutionBwdFilterAlgo_t,
                                             void* workspace, std::size_t bytes, const void* beta,
                                             cudnnFilterDescriptor_t of_dw, void* dw) {
  const auto each = [form_x = *of_x, form_w = *of_dw, form_y = *of_dy, how = *of](const auto& f) {
    each_product(form_x, form_w, form_y, how, [&](auto in_x, auto in_w, auto in_y) { f(in_x, in_y, in_w); });
  };
  return convolve(handle, alpha, beta, x, dy, workspace, bytes, workspace_of(*of_x, *of_dy), dw, floats(*of_dw), each);
}
