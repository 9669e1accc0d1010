#pragma once

#include "fedscape/comm/communicator.hpp"
#include "src/comm/mpi_check.hpp"

namespace fedscape {

/// Whether MPI sends from and receives into the memory of CUDA devices.
bool mpi_takes_device_memory();

/// Communicator over host memory. Arrays of a device pass through the host where MPI does not take them as they are.
class MpiCommunicator : public Communicator {
 public:
  /// Owns `comm`. No MPI call moves more than `largest_count` elements.
  MpiCommunicator(MPI_Comm comm, int largest_count);
  ~MpiCommunicator() override;
  MpiCommunicator(const MpiCommunicator&) = delete;
  MpiCommunicator& operator=(const MpiCommunicator&) = delete;

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  void sum(Stream& stream, View<std::int64_t> in_place) override;
  void sum(Stream& stream, View<float> in_place) override;
  void broadcast(std::span<std::byte> data, int root) override;
  void all_gather(std::span<const std::byte> mine, std::vector<std::byte>& all) override;
  std::int64_t max(std::int64_t value) override;
  double max(double value) override;
  void barrier() override;
  std::unique_ptr<Communicator> split(int color) override;
  std::unique_ptr<Counter> make_counter() override;
  std::shared_ptr<const void> share_on_node(std::size_t bytes,
                                            const std::function<void(std::span<std::byte>)>& fill) override;
  bool fills_node() const override { return node_rank_ == 0; }

  /// For parallel file access.
  MPI_Comm native() const { return comm_; }

 private:
  MPI_Comm comm_ = MPI_COMM_NULL, node_ = MPI_COMM_NULL;
  int largest_count_;
  int rank_ = 0, size_ = 1, node_rank_ = 0;
};

}  // namespace fedscape
