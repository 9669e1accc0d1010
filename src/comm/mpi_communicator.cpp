#include "src/comm/mpi_communicator.hpp"

#include <algorithm>
#include <numeric>

#include "fedscape/device/memory.hpp"
#include "fedscape/tensor/tensor.hpp"

namespace fedscape {

namespace {

template <class T>
void sum_by_mpi(MPI_Comm comm, MPI_Datatype type, int largest_count, std::span<T> data) {
  while (!data.empty()) {
    const std::span<T> part = data.first(std::min(data.size(), static_cast<std::size_t>(largest_count)));
    MPI_CHECK(MPI_Allreduce(MPI_IN_PLACE, part.data(), static_cast<int>(part.size()), type, MPI_SUM, comm));
    data = data.subspan(part.size());
  }
}

template <class T>
void sum_in_place(Stream& stream, MPI_Comm comm, MPI_Datatype type, int largest_count, View<T> view) {
  const std::size_t count = static_cast<std::size_t>(view.size());
  if (stream.device().kind == DeviceKind::cpu || mpi_takes_device_memory()) {
    stream.synchronize();  // MPI knows nothing of streams
    return sum_by_mpi(comm, type, largest_count, std::span<T>(view.data, count));
  }
  std::vector<T> host = to_host(stream, view);
  sum_by_mpi(comm, type, largest_count, std::span<T>(host));
  copy_to_device(stream, view.data, host.data(), count * sizeof(T));
}

}  // namespace

MpiCommunicator::MpiCommunicator(MPI_Comm comm, int largest_count) : comm_(comm), largest_count_(largest_count) {
  FEDSCAPE_CHECK(largest_count >= 1, "{} elements per MPI call", largest_count);
  MPI_CHECK(MPI_Comm_rank(comm_, &rank_));
  MPI_CHECK(MPI_Comm_size(comm_, &size_));
  MPI_CHECK(MPI_Comm_split_type(comm_, MPI_COMM_TYPE_SHARED, rank_, MPI_INFO_NULL, &node_));
  MPI_CHECK(MPI_Comm_rank(node_, &node_rank_));
}

MpiCommunicator::~MpiCommunicator() {
  MPI_Comm_free(&node_);
  MPI_Comm_free(&comm_);
}

void MpiCommunicator::sum(Stream& stream, View<std::int64_t> in_place) {
  if (size_ > 1) sum_in_place(stream, comm_, MPI_INT64_T, largest_count_, in_place);
}

void MpiCommunicator::sum(Stream& stream, View<float> in_place) {
  if (size_ > 1) sum_in_place(stream, comm_, MPI_FLOAT, largest_count_, in_place);
}

void MpiCommunicator::broadcast(std::span<std::byte> data, int root) {
  while (!data.empty()) {
    const std::span<std::byte> part = data.first(std::min(data.size(), static_cast<std::size_t>(largest_count_)));
    MPI_CHECK(MPI_Bcast(part.data(), static_cast<int>(part.size()), MPI_BYTE, root, comm_));
    data = data.subspan(part.size());
  }
}

void MpiCommunicator::all_gather(std::span<const std::byte> mine, std::vector<std::byte>& all) {
  const std::int64_t my_bytes = static_cast<std::int64_t>(mine.size());
  std::vector<std::int64_t> sizes(static_cast<std::size_t>(size_));
  MPI_CHECK(MPI_Allgather(&my_bytes, 1, MPI_INT64_T, sizes.data(), 1, MPI_INT64_T, comm_));
  const std::int64_t total = std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0});
  all.resize(static_cast<std::size_t>(total));
  if (total <= largest_count_) {
    std::vector<int> counts(sizes.begin(), sizes.end()), begins(sizes.size());
    std::exclusive_scan(counts.begin(), counts.end(), begins.begin(), 0);
    MPI_CHECK(MPI_Allgatherv(mine.data(), static_cast<int>(my_bytes), MPI_BYTE, all.data(), counts.data(),
                             begins.data(), MPI_BYTE, comm_));
    return;
  }
  // MPI counts are ints: what is larger goes rank by rank in pieces.
  std::span<std::byte> rest(all);
  for (int root = 0; root < size_; ++root) {
    const std::span<std::byte> part = rest.first(static_cast<std::size_t>(sizes[static_cast<std::size_t>(root)]));
    if (root == rank_) std::copy(mine.begin(), mine.end(), part.begin());
    broadcast(part, root);
    rest = rest.subspan(part.size());
  }
}

std::int64_t MpiCommunicator::max(std::int64_t value) {
  MPI_CHECK(MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_INT64_T, MPI_MAX, comm_));
  return value;
}

double MpiCommunicator::max(double value) {
  MPI_CHECK(MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_DOUBLE, MPI_MAX, comm_));
  return value;
}

void MpiCommunicator::barrier() { MPI_CHECK(MPI_Barrier(comm_)); }

std::unique_ptr<Communicator> MpiCommunicator::split(int color) {
  MPI_Comm part = MPI_COMM_NULL;
  MPI_CHECK(MPI_Comm_split(comm_, color, rank_, &part));
  return std::make_unique<MpiCommunicator>(part, largest_count_);
}

}  // namespace fedscape
