#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "fedscape/ops/conv.hpp"

/// Who computes the products of layers on a CUDA device: fedscape's kernels, one launch for all models of a stack, or
/// NVIDIA's libraries: cuBLAS, a batched product of all models, for linear layers; cuDNN, model by model on several
/// streams, for convolutions. Which is faster depends on the device and the shape; the choice depends on nothing else,
/// least of all on the number of models or on a clock in the run, so that a model has the same bits in any stack.
namespace fedscape {

/// A product as one model sees it.
struct Product {
  ops::ConvPass pass = ops::ConvPass::forward;
  ops::ConvShape shape;  // a linear layer is a convolution of one pixel
  int batch = 1;         // samples
  bool tf32 = false;
  auto operator<=>(const Product&) const = default;
};

inline constexpr std::array<std::string_view, 3> kPassNames{"forward", "backward_data", "backward_weights"};

/// What a linear layer of I inputs and O outputs is a convolution of.
inline ops::ConvShape one_pixel(int I, int O) { return {1, 1, I, O}; }
inline bool is_one_pixel(const ops::ConvShape& shape) {
  return shape == one_pixel(shape.channels, shape.filters) && shape.groups == 1;
}

class ProductChoice {
 public:
  virtual ~ProductChoice() = default;
  virtual bool library(const Product& product) const = 0;
};

/// What `fedscape tune` measured: products that are not in it are fedscape's own.
class Tuning : public ProductChoice {
 public:
  struct Entry {
    double own_seconds = 0, library_seconds = 0;  // of all models of the stack that was timed; 0: cannot do it
    bool library = false;
  };

  std::string device, libraries;  // whose times these are
  std::map<Product, Entry> entries;

  bool library(const Product& product) const override;
  /// Of the choices alone: two tunings of one hash compute the same bits on one machine.
  std::uint64_t hash() const;
};

}  // namespace fedscape
