#pragma once

#include <memory>

#include "fedscape/nn/layer.hpp"

namespace fedscape {

/// Makers of the layers. Sample shapes are [y,x,channels] or [features]; defaults are PyTorch's.
struct ConvOptions {
  int filters = 0;
  int kernel_y = 3, kernel_x = 3;
  int stride_y = 1, stride_x = 1;
  int pad_y = 0, pad_x = 0;
  int dilation_y = 1, dilation_x = 1;
  int groups = 1;
  bool bias = true;
};
/// Square kernels, strides and paddings.
ConvOptions square(int filters, int kernel, int stride = 1, int pad = 0);

struct PoolOptions {
  int kernel_y = 2, kernel_x = 2;
  int stride_y = 2, stride_x = 2;
  int pad_y = 0, pad_x = 0;
  bool ceil_mode = false;
  bool count_padding = true;  // average pooling only
};
PoolOptions square_pool(int kernel, int stride, int pad = 0);

/// y = W x + b on all elements of a sample; a map [y,x,c] is read in PyTorch's order (c,y,x) when weights are imported.
std::unique_ptr<Layer> linear(int out, bool bias = true);
std::unique_ptr<Layer> conv(const ConvOptions& options);
std::unique_ptr<Layer> max_pool(const PoolOptions& options);
std::unique_ptr<Layer> average_pool(const PoolOptions& options);
/// Average over out_y x out_x windows; see ops::adaptive_pool_forward.
std::unique_ptr<Layer> adaptive_average_pool(int out_y, int out_x);
std::unique_ptr<Layer> relu();
std::unique_ptr<Layer> leaky_relu(float slope);
/// Statistics over batch and positions per channel; evaluation uses running ones. momentum as in PyTorch: the weight of
/// the new batch. Ioffe and Szegedy, ICML 2015.
std::unique_ptr<Layer> batch_norm(float eps = 1e-5f, float momentum = 0.1f, bool affine = true);
std::unique_ptr<Layer> group_norm(int groups, float eps = 1e-5f);
/// Zeroes elements with probability p while training. `ordinal` tells the dropout layers of a network apart: 0..126.
std::unique_ptr<Layer> dropout(float p, int ordinal);
/// The identity. Its output keeps the axes of a map, from which the linear layer behind it learns PyTorch's order.
std::unique_ptr<Layer> flatten();
/// Sum of two inputs.
std::unique_ptr<Layer> add();
/// Inputs of equal height and width, channels one after the other.
std::unique_ptr<Layer> concatenate();
/// ResNet's parameter-free shortcut (He et al., CVPR 2016, option A): every stride-th position, channels padded with
/// zeros to `channels`, half before and half after.
std::unique_ptr<Layer> shortcut_a(int stride, int channels);

}  // namespace fedscape
