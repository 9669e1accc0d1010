#pragma once

#include "fedscape/ops/tuning.hpp"
#include "kernels/conv.hpp"
#include "kernels/cuda/native.cuh"

/// Products of layers by cuBLAS and cuDNN (see ops/tuning.hpp): row m of x, y, dy and dx is model m's batch, whole, as
/// the libraries know no counts; what they make of samples that are not real means nothing, as everywhere.
namespace fedscape::kernels {

/// Whether the stream leaves this product to a library.
bool by_library(Stream& stream, ConvPass pass, const ConvShape& shape, const Batch& batch);

/// y = act(x w + bias + residual), act = max(0, .) with relu; bias and residual may be absent, residual may be y.
void library_forward(Stream& stream, const ConvShape& shape, const Batch& batch, Slot<const float> x,
                     Slot<const float> w, Slot<const float> bias, Slot<const float> residual, bool relu, Slot<float> y);
void library_backward_data(Stream& stream, const ConvShape& shape, const Batch& batch, Slot<const float> dy,
                           Slot<const float> w, Slot<float> dx);
/// Samples that are not real are set to zero in x and dy, where they mean nothing, for the sums to leave them out.
void library_backward_weights(Stream& stream, const ConvShape& shape, const Batch& batch, Slot<const float> x,
                              Slot<const float> dy, Slot<float> dw, Slot<float> dbias);

/// One batched product of all models: y [B,O] = x [B,I] w [O,I]^T (added to y with `add`), dx = dy w, dw = dy^T x.
void blas_forward(Stream& stream, const Batch& batch, int I, int O, Slot<const float> x, Slot<const float> w, bool add,
                  Slot<float> y);
void blas_backward_data(Stream& stream, const Batch& batch, int I, int O, Slot<const float> dy, Slot<const float> w,
                        Slot<float> dx);
void blas_backward_weights(Stream& stream, const Batch& batch, int I, int O, Slot<const float> x, Slot<const float> dy,
                           Slot<float> dw);

/// The same of convolutions, model by model, on lanes.
void dnn_forward(Stream& stream, const ConvShape& shape, const Batch& batch, Slot<const float> x, Slot<const float> w,
                 bool add, Slot<float> y);
void dnn_backward_data(Stream& stream, const ConvShape& shape, const Batch& batch, Slot<const float> dy,
                       Slot<const float> w, Slot<float> dx);
void dnn_backward_weights(Stream& stream, const ConvShape& shape, const Batch& batch, Slot<const float> x,
                          Slot<const float> dy, Slot<float> dw);

}  // namespace fedscape::kernels
