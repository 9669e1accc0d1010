#pragma once

#include <functional>
#include <ostream>
#include <span>
#include <string>
#include <vector>

#include "fedscape/ops/batch.hpp"
#include "fedscape/tensor/tensor.hpp"
#include "tests/support/tracked.hpp"

namespace fedscape {

using Values = std::vector<double>;
using Expected = std::vector<Tracked>;
using Inputs = std::span<const View<const float>>;
using Outputs = std::span<const View<float>>;

/// One array of an op. The outermost axis is M, or 1 where all models share the array.
struct OpArray {
  Shape shape;
  bool samples = false;  // [M|1,B,...]: only the first counts[m] samples of a model mean anything
};

/// One call of an op, described once: tests compare it with its oracle and with itself (alignment, stacking, threads),
/// benchmarks time it.
struct OpCase {
  std::string name = {};
  double flop = 0;   // arithmetic of one call
  double bytes = 0;  // or, where that is what limits it, memory touched
  int models = 1, size = 1;
  std::vector<int> counts = {};
  std::vector<OpArray> inputs = {}, outputs = {};
  std::function<void(Stream&, const Batch&, Inputs, Outputs)> run = {};
  /// What the outputs of one model should be, given its `count` samples and its rows of the inputs.
  std::function<std::vector<Expected>(int count, const std::vector<Values>& inputs)> oracle = {};
  /// Changes one model's random inputs to what the op may be given (moments, for example); may be empty.
  std::function<void(int count, std::vector<Values>& inputs)> prepare = {};

  Batch batch() const { return {models, size, counts}; }
};

inline void PrintTo(const OpCase& op, std::ostream* out) { *out << op.name; }

using Floats = std::vector<std::vector<float>>;

/// Reproducible inputs of a case: standard normals, then its `prepare`.
Floats make_inputs(const OpCase& op);
/// A case with its arrays on a device, to be called any number of times. Every array begins `misalignment` floats
/// behind a 64-byte boundary; outputs are NaN before the first call.
class OpRun {
 public:
  OpRun(const OpCase& op, Stream& stream, const Floats& inputs, int misalignment = 0);
  void operator()() {
    const ArenaScope scope(stream_);
    op_.run(stream_, op_.batch(), in_, out_);
  }
  Floats outputs();

 private:
  float* place(const OpArray& array, const std::vector<float>& values, int misalignment);

  const OpCase& op_;
  Stream& stream_;
  std::vector<Tensor<float>> memory_;
  std::vector<View<const float>> in_;
  std::vector<View<float>> out_;
};

/// The same case for model m alone, as a stack of one, and its inputs.
OpCase alone(const OpCase& op, int m);
Floats inputs_alone(const OpCase& op, const Floats& inputs, int m);
/// Model m's rows of the inputs as doubles.
std::vector<Values> rows_of(const OpCase& op, const Floats& inputs, int m);

/// Model m's row of an array without what lies behind its real samples.
std::vector<float> real_part(const OpCase& op, const OpArray& array, const std::vector<float>& values, int m);

// Expectations (op_expect.cpp), of a device that leaves some `products` to libraries, or none.

/// Outputs lie within the oracle's bounds.
void expect_oracle(const OpCase& op, Device device = {}, const ProductChoice* products = nullptr);
/// The bits of a model's outputs depend neither on alignment nor on the models beside it nor on the thread.
void expect_same_bits(const OpCase& op, Device device = {}, const ProductChoice* products = nullptr);
/// After the first call the stream's arena holds all that the next ones need.
void expect_no_growth(const OpCase& op, Device device = {}, const ProductChoice* products = nullptr);

}  // namespace fedscape
