// How near does each op of a training step come to what the machine can do? GFLOP/s of the convolutions and linear
// layers, GB/s of what is limited by memory, at the shapes of the networks that fedscape trains: one model on one
// thread of the CPU, and, where there is a CUDA device, a stack of models on it (names that begin with cuda/).
//   build/benchmarks/bench_ops --benchmark_filter=conv_forward

#include <benchmark/benchmark.h>

#include "fedscape/device/memory.hpp"
#include "fedscape/ops/activation.hpp"
#include "tests/support/op_cases.hpp"

namespace fedscape {
namespace {

/// On a device, calls are queued in bunches, as they are in a step, and the first one, which loads the code, is left
/// out.
void time_case(benchmark::State& state, const OpCase& op, Device device) {
  Stream stream(device);
  OpRun run(op, stream, make_inputs(op));
  run();
  stream.synchronize();
  const benchmark::IterationCount bunch = device.kind == DeviceKind::cpu ? 1 : 32;
  while (state.KeepRunningBatch(bunch)) {
    for (benchmark::IterationCount i = 0; i < bunch; ++i) run();
    stream.synchronize();
  }
  const auto per_second = [](double amount) {
    return benchmark::Counter(amount, benchmark::Counter::kIsIterationInvariantRate);
  };
  state.counters["flop"] = per_second(op.flop);  // tables want the same columns in every row
  state.counters["bytes"] = per_second(op.bytes);
}

/// Where cases run, and how large: stacks of `models` for batches of `batch` in training, of `points` in evaluation.
struct Place {
  Device device;
  std::string prefix;
  int models, batch, points;
};

void add(const Place& place, const std::vector<OpCase>& cases) {
  for (const OpCase& op : cases) {
    const auto run = [op, place](benchmark::State& state) { time_case(state, op, place.device); };
    auto* const made =
        benchmark::RegisterBenchmark((place.prefix + op.name).c_str(), run)->Unit(benchmark::kMicrosecond);
    if (place.device.kind == DeviceKind::cuda) made->UseRealTime();
  }
}

/// A case without an oracle: one output, computed by `run` from inputs of its shape.
OpCase elementwise(const std::string& name, int models, const Shape& sample, int inputs, decltype(OpCase::run) run) {
  const OpArray array{sample.under(32).under(models), true};
  OpCase op{.name = name + "_" + std::to_string(sample.size()), .models = models, .size = 32, .run = std::move(run)};
  op.counts.assign(static_cast<std::size_t>(models), 32);
  op.bytes = 4.0 * (inputs + 1) * static_cast<double>(array.shape.size());
  op.inputs.assign(static_cast<std::size_t>(inputs), array);
  op.outputs = {array};
  return op;
}

void add_elementwise(const Place& place, const Shape& sample) {
  const int models = place.models;
  const std::vector<RngKey> keys(static_cast<std::size_t>(models));
  add(place, {elementwise("copy", models, sample, 1,
                          [](Stream& stream, const Batch&, Inputs in, Outputs out) {
                            copy_on_device(stream, out[0].data, in[0].data, static_cast<std::size_t>(in[0].size()) * 4);
                          }),
              elementwise("relu_forward", models, sample, 1,
                          [](Stream& stream, const Batch& b, Inputs in, Outputs out) {
                            ops::leaky_relu_forward(stream, b, 0, in[0], out[0]);
                          }),
              elementwise("relu_backward", models, sample, 2,
                          [](Stream& stream, const Batch& b, Inputs in, Outputs out) {
                            ops::leaky_relu_backward(stream, b, 0, in[0], in[1], out[0]);
                          }),
              elementwise("add", models, sample, 2,
                          [](Stream& stream, const Batch& b, Inputs in, Outputs out) {
                            ops::add(stream, b, in[0], in[1], out[0]);
                          }),
              elementwise("dropout", models, sample, 1, [keys](Stream& stream, const Batch& b, Inputs in, Outputs out) {
                ops::dropout(stream, b, 0.25f, Purpose::dropout, keys, in[0], out[0]);
              })});
}

void add_all(const Place& place) {
  const int models = place.models, batch = place.batch;
  for (const auto& [name, shape] : cases::network_convs()) {
    add(place, cases::conv(name, shape, models, batch));
    for (const Precision precision : {Precision::float32, Precision::bf16, Precision::bf16w2, Precision::bf16x2})
      add(place, cases::packed_conv(name, shape, place.points, 16, precision));
  }
  for (const Precision precision : {Precision::bf16, Precision::bf16w2, Precision::bf16x2})
    for (const int size : {16, 64, 256})
      add(place,
          cases::packed_conv("784x200_" + std::to_string(size), {1, 1, 784, 200}, place.points, size, precision));
  for (cases::LinearSize size : {cases::LinearSize{1, 10, 12544, 128},
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
                                 {1, 64, 1024, 1024}}) {
    size.models = models;
    add(place, cases::linear(size));
  }
  for (const ops::PoolShape& shape : {ops::PoolShape{28, 28, 6}, {10, 10, 16}, {24, 24, 32}, {32, 32, 64}}) {
    add(place, cases::max_pool(shape, models, batch));
    add(place, cases::average_pool(shape, models, batch));
  }
  add(place, cases::adaptive_pool({8, 8, 64}, 1, 1, models, batch));
  add_elementwise(place, {14, 14, 6});
  add_elementwise(place, {14, 14, 64});
  for (cases::NormSize size : {cases::NormSize{1, 32, 1024, 16}, {1, 32, 256, 32}, {1, 32, 64, 64}, {1, 32, 125, 45}}) {
    size.models = models;
    add(place, cases::batch_norm(size));
    add(place, cases::group_norm(size, size.channels % 4 ? 3 : 4));
  }
}

}  // namespace
}  // namespace fedscape

int main(int argc, char** argv) {
  fedscape::add_all({{}, "", 1, 32, 1});
  if (fedscape::cuda_device_count() > 0) fedscape::add_all({{fedscape::DeviceKind::cuda, 0}, "cuda/", 32, 16, 16});
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}
