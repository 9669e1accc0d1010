#include <array>
#include <map>

#include "kernels/cuda/libraries.cuh"

/// Products of linear layers by cuBLAS. A matrix of ours, whose rows are contiguous, is the transposed one of its
/// columns-first world. The algorithm is what cuBLAS advises for one model, without a workspace or a split of the
/// depth, for addresses that are multiples of a float's: it depends neither on the number of models nor on where they
/// lie.
namespace fedscape {

namespace kernels {

namespace {

/// d [columns, rows] = a b, both perhaps transposed, with `depth` terms.
struct BlasShape {
  bool a_transposed, b_transposed, add, tf32;
  std::int64_t rows, columns, depth;
  auto operator<=>(const BlasShape&) const = default;
};

using Operation = Handle<cublasLtMatmulDesc_t, cublasLtMatmulDescDestroy>;
using Layout = Handle<cublasLtMatrixLayout_t, cublasLtMatrixLayoutDestroy>;
using Preference = Handle<cublasLtMatmulPreference_t, cublasLtMatmulPreferenceDestroy>;

Operation operation_of(const BlasShape& s) {
  cublasLtMatmulDesc_t made = nullptr;
  CUBLAS_CHECK(cublasLtMatmulDescCreate(&made, s.tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F, CUDA_R_32F));
  Operation operation(made);
  const cublasOperation_t a = s.a_transposed ? CUBLAS_OP_T : CUBLAS_OP_N,
                          b = s.b_transposed ? CUBLAS_OP_T : CUBLAS_OP_N;
  CUBLAS_CHECK(cublasLtMatmulDescSetAttribute(made, CUBLASLT_MATMUL_DESC_TRANSA, &a, sizeof a));
  CUBLAS_CHECK(cublasLtMatmulDescSetAttribute(made, CUBLASLT_MATMUL_DESC_TRANSB, &b, sizeof b));
  return operation;
}

/// `models` matrices of columns without gaps, `stride` floats apart.
Layout layout_of(std::int64_t rows, std::int64_t columns, int models, std::int64_t stride) {
  cublasLtMatrixLayout_t made = nullptr;
  CUBLAS_CHECK(cublasLtMatrixLayoutCreate(&made, CUDA_R_32F, static_cast<std::uint64_t>(rows),
                                          static_cast<std::uint64_t>(columns), rows));
  Layout layout(made);
  const std::int32_t count = models;
  CUBLAS_CHECK(cublasLtMatrixLayoutSetAttribute(made, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &count, sizeof count));
  CUBLAS_CHECK(
      cublasLtMatrixLayoutSetAttribute(made, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &stride, sizeof stride));
  return layout;
}

struct Layouts {
  Layout a, b, d;
  Layouts(const BlasShape& s, int models, std::int64_t a_stride, std::int64_t b_stride, std::int64_t d_stride)
      : a(layout_of(s.a_transposed ? s.depth : s.rows, s.a_transposed ? s.rows : s.depth, models, a_stride)),
        b(layout_of(s.b_transposed ? s.columns : s.depth, s.b_transposed ? s.depth : s.columns, models, b_stride)),
        d(layout_of(s.rows, s.columns, models, d_stride)) {}
};

Preference preference() {
  cublasLtMatmulPreference_t made = nullptr;
  CUBLAS_CHECK(cublasLtMatmulPreferenceCreate(&made));
  Preference preference(made);
  const auto set = [&](cublasLtMatmulPreferenceAttributes_t name, auto value) {
    CUBLAS_CHECK(cublasLtMatmulPreferenceSetAttribute(made, name, &value, sizeof value));
  };
  set(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, std::uint64_t{0});
  set(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, std::uint32_t{CUBLASLT_REDUCTION_SCHEME_NONE});
  for (const auto name : {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
                          CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES})
    set(name, std::uint32_t{sizeof(float)});
  return preference;
}

bool takes_batches(const cublasLtMatmulAlgo_t& algorithm) {
  std::int32_t supported = 0;
  std::size_t written = 0;
  CUBLAS_CHECK(cublasLtMatmulAlgoCapGetAttribute(&algorithm, CUBLASLT_ALGO_CAP_STRIDED_BATCH_SUPPORT, &supported,
                                                 sizeof supported, &written));
  return supported != 0;
}

}  // namespace

/// cuBLAS and the algorithms it has advised.
struct BlasPlans {
  Handle<cublasLtHandle_t, cublasLtDestroy> handle;
  std::map<BlasShape, cublasLtMatmulAlgo_t> algorithms;

  const cublasLtMatmulAlgo_t& algorithm(const BlasShape& s) {
    if (const auto known = algorithms.find(s); known != algorithms.end()) return known->second;
    const Operation operation = operation_of(s);
    const Layouts one(s, 1, 0, 0, 0);
    const Preference wanted = preference();
    std::array<cublasLtMatmulHeuristicResult_t, 16> advised{};
    int count = 0;
    CUBLAS_CHECK(cublasLtMatmulAlgoGetHeuristic(handle.get(), operation.get(), one.a.get(), one.b.get(), one.d.get(),
                                                one.d.get(), wanted.get(), static_cast<int>(advised.size()),
                                                advised.data(), &count));
    for (const auto& advice : std::span(advised).first(static_cast<std::size_t>(count)))
      if (advice.state == CUBLAS_STATUS_SUCCESS && takes_batches(advice.algo))
        return algorithms.emplace(s, advice.algo).first->second;
    fail(fmt::format("cuBLAS has no batched product of {}x{} and {}x{}", s.rows, s.depth, s.depth, s.columns));
  }
};

namespace {

void multiply(Stream& stream, const BlasShape& s, int models, Slot<const float> a, Slot<const float> b, Slot<float> d) {
  BlasPlans& plans = stream.cuda().blas();
  const Operation operation = operation_of(s);
  const Layouts all(s, models, a.stride, b.stride, d.stride);
  const float one = 1, addend = s.add ? 1 : 0;
  CUBLAS_CHECK(cublasLtMatmul(plans.handle.get(), operation.get(), &one, a.data, all.a.get(), b.data, all.b.get(),
                              &addend, d.data, all.d.get(), d.data, all.d.get(), &plans.algorithm(s), nullptr, 0,
                              queue(stream)));
}

}  // namespace

void blas_forward(Stream& stream, const Batch& batch, int I, int O, Slot<const float> x, Slot<const float> w, bool add,
                  Slot<float> y) {
  multiply(stream, {true, false, add, stream.tf32(), O, batch.size, I}, batch.models, w, x, y);
}

void blas_backward_data(Stream& stream, const Batch& batch, int I, int O, Slot<const float> dy, Slot<const float> w,
                        Slot<float> dx) {
  multiply(stream, {false, false, false, stream.tf32(), I, batch.size, O}, batch.models, w, dy, dx);
}

void blas_backward_weights(Stream& stream, const Batch& batch, int I, int O, Slot<const float> x, Slot<const float> dy,
                           Slot<float> dw) {
  multiply(stream, {false, true, false, stream.tf32(), I, O, batch.size}, batch.models, x, dy, dw);
}

}  // namespace kernels

void Stream::CudaNative::DestroyPlans::operator()(kernels::BlasPlans* plans) const noexcept { delete plans; }

kernels::BlasPlans& Stream::CudaNative::blas() {
  if (!blas_) {
    cublasLtHandle_t made = nullptr;
    CUBLAS_CHECK(cublasLtCreate(&made));
    blas_.reset(new kernels::BlasPlans{Handle<cublasLtHandle_t, cublasLtDestroy>(made), {}});
  }
  return *blas_;
}

}  // namespace fedscape
