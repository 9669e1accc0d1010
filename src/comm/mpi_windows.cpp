#include <cstring>
#include <exception>
#include <memory>

#include "src/comm/mpi_communicator.hpp"

namespace fedscape {

namespace {

constexpr int kHost = 0;  // the rank whose memory the others reach into
constexpr std::size_t kAlignment = 64;

/// Owns a window; freeing it is collective. An exception on its way to main may be of this rank alone, while the others
/// are elsewhere and would be waited for: then the window is left to the end of the process, which is near.
class OwnedWindow {
 public:
  OwnedWindow() = default;
  ~OwnedWindow() {
    if (window_ == MPI_WIN_NULL || std::uncaught_exceptions() > exceptions_) return;
    MPI_Win_unlock_all(window_);
    MPI_Win_free(&window_);
  }
  OwnedWindow(const OwnedWindow&) = delete;
  OwnedWindow& operator=(const OwnedWindow&) = delete;
  MPI_Win get() const { return window_; }
  MPI_Win* fill() { return &window_; }

 private:
  MPI_Win window_ = MPI_WIN_NULL;
  int exceptions_ = std::uncaught_exceptions();
};

/// One number in a window on rank 0, advanced by one-sided calls.
class MpiCounter : public Communicator::Counter {
 public:
  explicit MpiCounter(MPI_Comm comm) : comm_(comm) {
    int rank = 0;
    MPI_CHECK(MPI_Comm_rank(comm, &rank));
    const MPI_Aint bytes = rank == kHost ? sizeof(std::int64_t) : 0;
    MPI_CHECK(MPI_Win_allocate(bytes, sizeof(std::int64_t), MPI_INFO_NULL, comm, &number_, window_.fill()));
    MPI_CHECK(MPI_Win_set_errhandler(window_.get(), MPI_ERRORS_RETURN));
    MPI_CHECK(MPI_Win_lock_all(0, window_.get()));
    if (rank == kHost) *number_ = 0;
    MPI_CHECK(MPI_Win_sync(window_.get()));
    MPI_CHECK(MPI_Barrier(comm));
  }

  std::int64_t next() override {
    const std::int64_t one = 1;
    std::int64_t before = 0;
    MPI_CHECK(MPI_Fetch_and_op(&one, &before, MPI_INT64_T, kHost, 0, MPI_SUM, window_.get()));
    MPI_CHECK(MPI_Win_flush(kHost, window_.get()));
    return before;
  }

  // Over TCP, one-sided calls are served only while their target is inside some MPI call.
  void progress() override {
    int flag = 0;
    MPI_CHECK(MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, comm_, &flag, MPI_STATUS_IGNORE));
  }

 private:
  MPI_Comm comm_;
  OwnedWindow window_;
  std::int64_t* number_ = nullptr;
};

/// Memory that the ranks of a node share. Freeing it is collective over the node.
class NodeWindow {
 public:
  NodeWindow(MPI_Comm node, std::size_t bytes) {
    int rank = 0;
    MPI_CHECK(MPI_Comm_rank(node, &rank));
    const MPI_Aint mine = rank == kHost ? static_cast<MPI_Aint>(bytes + kAlignment) : 0;
    void* own = nullptr;
    const int code = MPI_Win_allocate_shared(mine, 1, MPI_INFO_NULL, node, &own, window_.fill());
    FEDSCAPE_CHECK(code == MPI_SUCCESS,
                   "no {} bytes of shared memory on this node (df /dev/shm says how much there is)", bytes);
    MPI_CHECK(MPI_Win_lock_all(MPI_MODE_NOCHECK, window_.get()));
    MPI_Aint size = 0;
    int unit = 0;
    MPI_CHECK(MPI_Win_shared_query(window_.get(), kHost, &size, &unit, &data_));
    // The window begins behind a header of MPI's at the same distance from a page on every rank.
    std::size_t room = bytes + kAlignment;
    std::align(kAlignment, bytes, data_, room);
  }

  std::byte* data() const { return static_cast<std::byte*>(data_); }
  void sync() { MPI_CHECK(MPI_Win_sync(window_.get())); }

 private:
  OwnedWindow window_;
  void* data_ = nullptr;
};

}  // namespace

std::unique_ptr<Communicator::Counter> MpiCommunicator::make_counter() { return std::make_unique<MpiCounter>(comm_); }

std::shared_ptr<const void> MpiCommunicator::share_on_node(std::size_t bytes,
                                                           const std::function<void(std::span<std::byte>)>& fill) {
  const auto window = std::make_shared<NodeWindow>(node_, bytes);
  agree(*this, [&] {
    if (!fills_node()) return;
    std::memset(window->data(), 0, bytes);
    fill({window->data(), bytes});
    window->sync();
  });
  window->sync();
  return {window, window->data()};
}

}  // namespace fedscape
