// How near does each op of a training step come to what the machine can do? GFLOP/s of the convolutions and linear
// layers, GB/s of what is limited by memory; one thread, the shapes of the networks that fedscape trains.
//   build/benchmarks/bench_ops --benchmark_filter=conv_forward

#include <benchmark/benchmark.h>

#include "fedscape/device/memory.hpp"
#include "fedscape/ops/activation.hpp"
#include "tests/support/op_cases.hpp"

namespace fedscape {
namespace {

void time_case(benchmark::State& state, const OpCase& op) {
  Stream stream;
  OpRun run(op, stream, make_inputs(op));
  for (auto _ : state) run();
  stream.synchronize();
  const auto per_second = [](double amount) {
    return benchmark::Counter(amount, benchmark::Counter::kIsIterationInvariantRate);
  };
  if (op.flop > 0) state.counters["flop"] = per_second(op.flop);
  if (op.bytes > 0) state.counters["bytes"] = per_second(op.bytes);
}

void add(const std::vector<OpCase>& cases) {
  for (const OpCase& op : cases)
    benchmark::RegisterBenchmark(op.name.c_str(), [op](benchmark::State& state) {
      time_case(state, op);
    })->Unit(benchmark::kMicrosecond);
}

/// A case without an oracle: one output, computed by `run` from inputs of its shape.
OpCase elementwise(const std::string& name, const Shape& sample, int inputs, decltype(OpCase::run) run) {
  const OpArray array{sample.under(32).under(1), true};
  OpCase op{.name = name + "_" + std::to_string(sample.size()), .size = 32, .counts = {32}, .run = std::move(run)};
  op.bytes = 4.0 * (inputs + 1) * static_cast<double>(array.shape.size());
  op.inputs.assign(static_cast<std::size_t>(inputs), array);
  op.outputs = {array};
  return op;
}

void add_elementwise(const Shape& sample) {
  const std::vector<RngKey> keys(1);
  add({elementwise("copy", sample, 1,
                   [](Stream& stream, const Batch&, Inputs in, Outputs out) {
                     copy_on_device(stream, out[0].data, in[0].data, static_cast<std::size_t>(in[0].size()) * 4);
                   }),
       elementwise("relu_forward", sample, 1,
                   [](Stream& stream, const Batch& b, Inputs in, Outputs out) {
                     ops::leaky_relu_forward(stream, b, 0, in[0], out[0]);
                   }),
       elementwise("relu_backward", sample, 2,
                   [](Stream& stream, const Batch& b, Inputs in, Outputs out) {
                     ops::leaky_relu_backward(stream, b, 0, in[0], in[1], out[0]);
                   }),
       elementwise(
           "add", sample, 2,
           [](Stream& stream, const Batch& b, Inputs in, Outputs out) { ops::add(stream, b, in[0], in[1], out[0]); }),
       elementwise("dropout", sample, 1, [keys](Stream& stream, const Batch& b, Inputs in, Outputs out) {
         ops::dropout(stream, b, 0.25f, Purpose::dropout, keys, in[0], out[0]);
       })});
}

void add_all() {
  for (const auto& [name, shape] : cases::network_convs()) {
    add(cases::conv(name, shape, 1, 32));
    for (const Precision precision : {Precision::float32, Precision::bf16, Precision::bf16w2, Precision::bf16x2})
      add(cases::packed_conv(name, shape, 1, 16, precision));
  }
  for (const Precision precision : {Precision::bf16, Precision::bf16w2, Precision::bf16x2})
    for (const int batch : {16, 64, 256})
      add(cases::packed_conv("784x200_" + std::to_string(batch), {1, 1, 784, 200}, 1, batch, precision));
  for (const cases::LinearSize size : {cases::LinearSize{1, 10, 12544, 128},
                                       {1, 20, 9216, 128},
                                       {1, 10, 3136, 512},
                                       {1, 10, 1024, 512},
                                       {1, 10, 512, 10},
                                       {1, 50, 400, 120},
                                       {1, 50, 120, 84},
                                       {1, 50, 84, 10},
                                       {1, 10, 784, 10},
                                       {1, 16, 784, 200},
                                       {1, 256, 784, 200},
                                       {1, 16, 64, 10},
                                       {1, 32, 64, 10},
                                       {1, 16, 4096, 256},
                                       {1, 64, 1024, 1024}})
    add(cases::linear(size));
  for (const ops::PoolShape& shape : {ops::PoolShape{28, 28, 6}, {10, 10, 16}, {24, 24, 32}, {32, 32, 64}}) {
    add(cases::max_pool(shape, 1, 32));
    add(cases::average_pool(shape, 1, 32));
  }
  add(cases::adaptive_pool({8, 8, 64}, 1, 1, 1, 32));
  add_elementwise({14, 14, 6});
  add_elementwise({14, 14, 64});
  for (const cases::NormSize size :
       {cases::NormSize{1, 32, 1024, 16}, {1, 32, 256, 32}, {1, 32, 64, 64}, {1, 32, 125, 45}}) {
    add(cases::batch_norm(size));
    add(cases::group_norm(size, size.channels % 4 ? 3 : 4));
  }
}

}  // namespace
}  // namespace fedscape

int main(int argc, char** argv) {
  fedscape::add_all();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}
