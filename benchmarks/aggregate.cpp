// How near does exact aggregation come to just reading what is aggregated? 100 uploads of 10 million floats, and the
// same bytes read and added up; bytes/s count the uploads alone. Arguments: threads, and uploads that come together.
// CPU is the time of all threads, which a busy machine blurs less than the time that passes.
// Where there is a CUDA device, the same there, beside a copy: exact_on_cuda and copy_on_cuda, 4 GB of uploads.
//   build/benchmarks/bench_aggregate --benchmark_repetitions=5 --benchmark_enable_random_interleaving=true

#include <benchmark/benchmark.h>

#include <span>
#include <vector>

#include "fedscape/device/workers.hpp"
#include "fedscape/ops/exact_sum.hpp"
#include "fedscape/ops/reduce.hpp"
#include "fedscape/tensor/tensor.hpp"

namespace fedscape {
namespace {

constexpr std::int64_t kUploads = 100, kParameters = 10'000'000;

std::span<float> rows() {
  static std::vector<float> values;
  if (values.empty()) {
    values.resize(static_cast<std::size_t>(kUploads * kParameters));
    float value = 0.25f;
    for (float& v : values) v = value = 3.7f * value * (1 - value);  // chaotic: no two alike
  }
  return values;
}

void finish(benchmark::State& state) {
  state.SetBytesProcessed(state.iterations() * kUploads * kParameters * static_cast<std::int64_t>(sizeof(float)));
}

/// The sum of each thread's part, in 64 lanes so that additions do not wait for each other.
float read_all(const float* begin, const float* end) {
  constexpr std::ptrdiff_t kLanes = 64;
  float lanes[kLanes] = {};
  for (const float* at = begin; at + kLanes <= end; at += kLanes)
    for (std::ptrdiff_t i = 0; i < kLanes; ++i) lanes[i] += at[i];
  float sum = 0;
  for (const float lane : lanes) sum += lane;
  return sum;
}

void read_only_pass(benchmark::State& state) {
  const std::span<const float> values = rows();
  const auto parts = static_cast<std::size_t>(state.range(0));
  Workers workers({}, static_cast<int>(parts));
  for (auto _ : state)
    workers.run(static_cast<std::int64_t>(parts), [&](Stream&, int, std::int64_t part) {
      const std::size_t p = static_cast<std::size_t>(part), n = values.size();
      benchmark::DoNotOptimize(read_all(values.data() + n * p / parts, values.data() + n * (p + 1) / parts));
    });
  finish(state);
}

/// As rounds do it: uploads come in stacks, each added to the total when it comes. A thread has its range of columns,
/// for which the uploads lie row by row.
void exact_aggregation(benchmark::State& state) {
  const std::span<float> values = rows();
  const std::int64_t parts = state.range(0), stack = state.range(1);
  Workers workers({}, static_cast<int>(parts));
  Tensor<std::int64_t> total(workers.stream(), {kParameters});
  ops::fill(workers.stream(), std::int64_t{0},
            total);  // as before each round; memory is touched for the first time here
  const std::vector<double> weights(static_cast<std::size_t>(stack), 1.0 / static_cast<double>(kUploads));
  for (auto _ : state)
    workers.run(parts, [&](Stream& stream, int, std::int64_t part) {
      const std::int64_t begin = kParameters * part / parts, columns = kParameters * (part + 1) / parts - begin;
      for (std::int64_t k = 0; k < kUploads; k += stack) {
        const View<const float> uploads{values.data() + kUploads * begin + k * columns, {stack, columns}};
        benchmark::DoNotOptimize(ops::exact_sum(stream, weights, uploads, {total.data() + begin, {columns}}));
      }
    });
  finish(state);
}

/// Bytes read and written, twice those of the uploads.
void copy_on_cuda(benchmark::State& state) {
  Stream stream({DeviceKind::cuda, 0});
  const std::size_t bytes = static_cast<std::size_t>(kUploads * kParameters) * sizeof(float);
  const Tensor<float> from(stream, {kUploads * kParameters}), to(stream, from.shape());
  copy_to_device(stream, from.data(), rows().data(), bytes);
  for (auto _ : state) {
    copy_on_device(stream, to.data(), from.data(), bytes);
    stream.synchronize();
  }
  state.SetBytesProcessed(state.iterations() * 2 * static_cast<std::int64_t>(bytes));
}

void exact_on_cuda(benchmark::State& state) {
  Stream stream({DeviceKind::cuda, 0});
  const std::int64_t stack = state.range(0);
  const Tensor<float> uploads(stream, {kUploads, kParameters});
  const Tensor<std::int64_t> total(stream, {kParameters});
  copy_to_device(stream, uploads.data(), rows().data(), rows().size_bytes());
  ops::fill(stream, std::int64_t{0}, total);
  const std::vector<double> weights(static_cast<std::size_t>(stack), 1.0 / static_cast<double>(kUploads));
  for (auto _ : state)
    for (std::int64_t k = 0; k < kUploads; k += stack)
      benchmark::DoNotOptimize(ops::exact_sum(stream, weights, uploads.view().rows(k, k + stack), total));
  finish(state);
}

void register_on_cuda() {
  benchmark::RegisterBenchmark("copy_on_cuda", copy_on_cuda)->UseRealTime()->Unit(benchmark::kMillisecond);
  benchmark::RegisterBenchmark("exact_on_cuda", exact_on_cuda)
      ->Arg(10)
      ->Arg(100)
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
}

}  // namespace
}  // namespace fedscape

BENCHMARK(fedscape::read_only_pass)
    ->Arg(1)
    ->Arg(2)
    ->UseRealTime()
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(fedscape::exact_aggregation)
    ->ArgsProduct({{1, 2}, {1, 4, 10, 100}})
    ->UseRealTime()
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);

int main(int argc, char** argv) {
  if (fedscape::cuda_device_count() > 0) fedscape::register_on_cuda();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}
