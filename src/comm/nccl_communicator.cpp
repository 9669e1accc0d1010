#include <nccl.h>

#include <array>
#include <exception>

#include "fedscape/comm/device_ranks.hpp"
#include "fedscape/device/cuda.hpp"

namespace fedscape {

const bool kNcclBuilt = true;

namespace {

void check_nccl(ncclResult_t code, const char* call, const char* file, int line) {
  if (code == ncclSuccess) return;
  fail(fmt::format("{} failed: {}: {} ({}:{})", call, ncclGetErrorString(code), ncclGetLastError(nullptr), file, line));
}

#define NCCL_CHECK(call) check_nccl((call), #call, __FILE__, __LINE__)

/// Owns a communicator. Destroying it may wait for the other ranks; an exception on its way to main may be of this rank
/// alone, and then nobody is waited for.
class OwnedNccl {
 public:
  OwnedNccl() = default;
  ~OwnedNccl() {
    if (comm_ == nullptr) return;
    if (std::uncaught_exceptions() > exceptions_)
      ncclCommAbort(comm_);
    else
      ncclCommDestroy(comm_);
  }
  OwnedNccl(const OwnedNccl&) = delete;
  OwnedNccl& operator=(const OwnedNccl&) = delete;
  ncclComm_t get() const { return comm_; }
  ncclComm_t* fill() { return &comm_; }

 private:
  ncclComm_t comm_ = nullptr;
  int exceptions_ = std::uncaught_exceptions();
};

class NcclCommunicator final : public Communicator {
 public:
  NcclCommunicator(Communicator& world, Stream& stream) : world_(world) {
    ncclUniqueId id{};
    agree(world, [&] {
      cuda::use(stream.device());
      if (world.is_root()) NCCL_CHECK(ncclGetUniqueId(&id));
    });
    world.broadcast(std::as_writable_bytes(std::span(&id, 1)), 0);
    agree(world, [&] { NCCL_CHECK(ncclCommInitRank(nccl_.fill(), world.size(), id, world.rank())); });
  }

  int rank() const override { return world_.rank(); }
  int size() const override { return world_.size(); }
  bool fills_node() const override { return world_.fills_node(); }
  void sum(Stream& stream, View<std::int64_t> in_place) override {
    if (on_host(stream)) return world_.sum(stream, in_place);
    sum_on_device(stream, in_place.data, in_place.size(), ncclInt64);
  }
  void sum(Stream& stream, View<float> in_place) override {
    if (on_host(stream)) return world_.sum(stream, in_place);
    sum_on_device(stream, in_place.data, in_place.size(), ncclFloat32);
  }
  void broadcast(std::span<std::byte> data, int root) override { world_.broadcast(data, root); }
  void all_gather(std::span<const std::byte> mine, std::vector<std::byte>& all) override {
    world_.all_gather(mine, all);
  }
  std::int64_t max(std::int64_t value) override { return world_.max(value); }
  double max(double value) override { return world_.max(value); }
  void barrier() override { world_.barrier(); }
  std::unique_ptr<Communicator> split(int color) override { return world_.split(color); }
  std::unique_ptr<Counter> make_counter() override { return world_.make_counter(); }
  std::shared_ptr<const void> share_on_node(std::size_t bytes,
                                            const std::function<void(std::span<std::byte>)>& fill) override {
    return world_.share_on_node(bytes, fill);
  }

 private:
  static bool on_host(Stream& stream) { return stream.device().kind != DeviceKind::cuda; }

  /// Queued behind what the stream does; an error of the last sums shows here.
  void sum_on_device(Stream& stream, void* data, std::int64_t n, ncclDataType_t type) {
    ncclResult_t state = ncclSuccess;
    NCCL_CHECK(ncclCommGetAsyncError(nccl_.get(), &state));
    NCCL_CHECK(state);
    NCCL_CHECK(ncclAllReduce(data, data, static_cast<std::size_t>(n), type, ncclSum, nccl_.get(),
                             cuda::queue_of(stream.cuda())));
  }

  Communicator& world_;
  OwnedNccl nccl_;
};

}  // namespace

std::unique_ptr<Communicator> make_nccl_communicator(Communicator& world, Stream& stream) {
  return std::make_unique<NcclCommunicator>(world, stream);
}

}  // namespace fedscape
