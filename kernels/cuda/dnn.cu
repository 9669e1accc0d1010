#include "kernels/cuda/libraries.cuh"

/// Convolutions by cuDNN: one call for each model, as a call for all of them (in groups) chooses its kernel by their
/// number. The algorithms are those that give the same bits every time. cuDNN also chooses by how addresses are
/// aligned: what is not aligned to kAligned bytes is moved to where it is.
namespace fedscape {

namespace kernels {

namespace {

constexpr std::uintptr_t kAligned = 16;
constexpr auto kForward = CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM;
constexpr auto kBackwardData = CUDNN_CONVOLUTION_BWD_DATA_ALGO_1;
constexpr auto kBackwardWeights = CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1;

/// What cuDNN has to know of one model's convolution.
class DnnShape {
 public:
  DnnShape(const ConvShape& s, int samples, bool tf32)
      : x(tensor(samples, s.input())), y(tensor(samples, s.output())), w(filters(s)), conv(convolution(s, tf32)) {}

 private:
  using Tensor4 = Handle<cudnnTensorDescriptor_t, cudnnDestroyTensorDescriptor>;
  using Filters = Handle<cudnnFilterDescriptor_t, cudnnDestroyFilterDescriptor>;
  using Convolution = Handle<cudnnConvolutionDescriptor_t, cudnnDestroyConvolutionDescriptor>;

  static Tensor4 tensor(int samples, const Shape& sample) {
    cudnnTensorDescriptor_t made = nullptr;
    CUDNN_CHECK(cudnnCreateTensorDescriptor(&made));
    Tensor4 tensor(made);
    CUDNN_CHECK(cudnnSetTensor4dDescriptor(made, CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT, samples,
                                           static_cast<int>(sample[2]), static_cast<int>(sample[0]),
                                           static_cast<int>(sample[1])));
    return tensor;
  }
  static Filters filters(const ConvShape& s) {
    cudnnFilterDescriptor_t made = nullptr;
    CUDNN_CHECK(cudnnCreateFilterDescriptor(&made));
    Filters filters(made);
    CUDNN_CHECK(cudnnSetFilter4dDescriptor(made, CUDNN_DATA_FLOAT, CUDNN_TENSOR_NHWC, s.filters, s.channels / s.groups,
                                           s.kernel_y, s.kernel_x));
    return filters;
  }
  static Convolution convolution(const ConvShape& s, bool tf32) {
    cudnnConvolutionDescriptor_t made = nullptr;
    CUDNN_CHECK(cudnnCreateConvolutionDescriptor(&made));
    Convolution convolution(made);
    CUDNN_CHECK(cudnnSetConvolution2dDescriptor(made, s.pad_y, s.pad_x, s.stride_y, s.stride_x, s.dilation_y,
                                                s.dilation_x, CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT));
    CUDNN_CHECK(cudnnSetConvolutionGroupCount(made, s.groups));
    CUDNN_CHECK(cudnnSetConvolutionMathType(made, tf32 ? CUDNN_DEFAULT_MATH : CUDNN_FMA_MATH));
    return convolution;
  }

 public:
  Tensor4 x, y;
  Filters w;
  Convolution conv;
};

/// A row of `size` values of every model.
struct Rows {
  Slot<const float> of;
  std::int64_t size;
};

/// Rows where cuDNN wants them: in their place, or in scratch memory of a lane.
class AlignedRows {
 public:
  AlignedRows(Stream& stream, int models, int lanes, const Rows& rows)
      : stream_(stream), rows_(rows.of), size_(rows.size) {
    bool all = true;
    for (int m = 0; m < models; ++m) all = all && aligned(m);
    if (!all) scratch_ = Tensor<float>(stream, {lanes, (size_ + 3) / 4 * 4});
  }
  /// Model m's row, its contents on the lane.
  const float* read(int m, int lane) const {
    if (aligned(m)) return rows_.row(m);
    copy(lane, scratch(lane), rows_.row(m));
    return scratch(lane);
  }
  /// Where model m's row is to be written, and the end of writing it.
  float* place(int m, int lane) const { return aligned(m) ? const_cast<float*>(rows_.row(m)) : scratch(lane); }
  void written(int m, int lane) const {
    if (!aligned(m)) copy(lane, const_cast<float*>(rows_.row(m)), scratch(lane));
  }

 private:
  bool aligned(int m) const { return reinterpret_cast<std::uintptr_t>(rows_.row(m)) % kAligned == 0; }
  float* scratch(int lane) const { return scratch_.data() + lane * scratch_.shape()[1]; }
  void copy(int lane, float* to, const float* from) const {
    CUDA_CHECK(cudaMemcpyAsync(to, from, static_cast<std::size_t>(size_) * sizeof(float), cudaMemcpyDeviceToDevice,
                               stream_.cuda().lanes()[lane]));
  }

  Stream& stream_;
  Slot<const float> rows_;
  std::int64_t size_;
  Tensor<float> scratch_;
};

/// The convolutions of one pass: result[m] = call(cuDNN, left[m], right[m]), or added to it.
class DnnPass {
 public:
  DnnPass(Stream& stream, const ConvShape& shape, const Batch& batch)
      : stream_(stream),
        shape_(shape),
        batch_(batch),
        dnn_(shape, batch.size, stream.tf32()),
        lanes_(std::min(batch.models, Lanes::kCount)) {}

  const DnnShape& dnn() const { return dnn_; }
  cudnnHandle_t handle() const { return stream_.cuda().dnn(); }
  Rows x(Slot<const float> of) const { return {of, batch_.size * shape_.input().size()}; }
  Rows y(Slot<const float> of) const { return {of, batch_.size * shape_.output().size()}; }
  Rows w(Slot<const float> of) const { return {of, shape_.weights().size()}; }

  /// call(left, right, workspace, result)
  template <class Call>
  void run(const Rows& left, const Rows& right, std::size_t workspace_bytes, bool add, const Rows& result,
           const Call& call) {
    const ArenaScope scope(stream_);
    const AlignedRows lefts(stream_, batch_.models, lanes_, left), rights(stream_, batch_.models, lanes_, right),
        results(stream_, batch_.models, lanes_, result);
    const auto pitch = static_cast<std::int64_t>((workspace_bytes + 255) / 256 * 256);
    const Tensor<std::byte> workspaces(stream_, {lanes_, pitch});
    Lanes& lanes = stream_.cuda().lanes();
    const Forked forked(lanes, queue(stream_), lanes_);
    for (int m = 0; m < batch_.models; ++m) {
      const int lane = m % lanes_;
      CUDNN_CHECK(cudnnSetStream(handle(), lanes[lane]));
      if (add) results.read(m, lane);
      call(lefts.read(m, lane), rights.read(m, lane), workspaces.data() + lane * pitch, results.place(m, lane));
      results.written(m, lane);
    }
  }

 private:
  Stream& stream_;
  const ConvShape& shape_;
  const Batch& batch_;
  DnnShape dnn_;
  int lanes_;
};

constexpr float kOne = 1, kZero = 0;

}  // namespace

void dnn_forward(Stream& stream, const ConvShape& shape, const Batch& batch, Slot<const float> x, Slot<const float> w,
                 bool add, Slot<float> y) {
  DnnPass pass(stream, shape, batch);
  const DnnShape& dnn = pass.dnn();
  std::size_t bytes = 0;
  CUDNN_CHECK(cudnnGetConvolutionForwardWorkspaceSize(pass.handle(), dnn.x.get(), dnn.w.get(), dnn.conv.get(),
                                                      dnn.y.get(), kForward, &bytes));
  pass.run(
      pass.x(x), pass.w(w), bytes, add, pass.y(y),
      [&](const float* of_x, const float* of_w, void* workspace, float* of_y) {
        CUDNN_CHECK(cudnnConvolutionForward(pass.handle(), &kOne, dnn.x.get(), of_x, dnn.w.get(), of_w, dnn.conv.get(),
                                            kForward, workspace, bytes, add ? &kOne : &kZero, dnn.y.get(), of_y));
      });
}

void dnn_backward_data(Stream& stream, const ConvShape& shape, const Batch& batch, Slot<const float> dy,
                       Slot<const float> w, Slot<float> dx) {
  DnnPass pass(stream, shape, batch);
  const DnnShape& dnn = pass.dnn();
  std::size_t bytes = 0;
  CUDNN_CHECK(cudnnGetConvolutionBackwardDataWorkspaceSize(pass.handle(), dnn.w.get(), dnn.y.get(), dnn.conv.get(),
                                                           dnn.x.get(), kBackwardData, &bytes));
  pass.run(pass.y(dy), pass.w(w), bytes, false, pass.x(dx),
           [&](const float* of_dy, const float* of_w, void* workspace, float* of_dx) {
             CUDNN_CHECK(cudnnConvolutionBackwardData(pass.handle(), &kOne, dnn.w.get(), of_w, dnn.y.get(), of_dy,
                                                      dnn.conv.get(), kBackwardData, workspace, bytes, &kZero,
                                                      dnn.x.get(), of_dx));
           });
}

void dnn_backward_weights(Stream& stream, const ConvShape& shape, const Batch& batch, Slot<const float> x,
                          Slot<const float> dy, Slot<float> dw) {
  DnnPass pass(stream, shape, batch);
  const DnnShape& dnn = pass.dnn();
  std::size_t bytes = 0;
  CUDNN_CHECK(cudnnGetConvolutionBackwardFilterWorkspaceSize(pass.handle(), dnn.x.get(), dnn.y.get(), dnn.conv.get(),
                                                             dnn.w.get(), kBackwardWeights, &bytes));
  pass.run(pass.x(x), pass.y(dy), bytes, false, pass.w(dw),
           [&](const float* of_x, const float* of_dy, void* workspace, float* of_dw) {
             CUDNN_CHECK(cudnnConvolutionBackwardFilter(pass.handle(), &kOne, dnn.x.get(), of_x, dnn.y.get(), of_dy,
                                                        dnn.conv.get(), kBackwardWeights, workspace, bytes, &kZero,
                                                        dnn.w.get(), of_dw));
           });
}

}  // namespace kernels

cudnnHandle_t Stream::CudaNative::dnn() {
  if (!dnn_) {
    cudnnHandle_t made = nullptr;
    CUDNN_CHECK(cudnnCreate(&made));
    dnn_ = Handle<cudnnHandle_t, cudnnDestroy>(made);
  }
  return dnn_.get();
}

}  // namespace fedscape
