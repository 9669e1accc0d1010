#include <gtest/gtest.h>
#include <unistd.h>

#include "fedscape/io/client_memory_file.hpp"
#include "tests/comm/mpi_test.hpp"

namespace fedscape {
namespace {

constexpr ClientMemoryShape kShape{.clients = 11, .floats = 3, .run = 1};

/// The name of a file that rank 0 chose.
std::filesystem::path shared_path(Communicator& comm) {
  std::int64_t id = comm.is_root() ? getpid() : 0;
  comm.broadcast(std::as_writable_bytes(std::span(&id, 1)), 0);
  return std::filesystem::temp_directory_path() / ("fedscape-" + std::to_string(id) + ".memory");
}

std::vector<float> state(ClientId id) { return {static_cast<float>(id), 1, 2}; }

TEST(ClientMemoryFile, OfFourRanksIsReadByThree) {
  const std::filesystem::path path = shared_path(test::world());
  test::on_ranks(4, [&](Communicator& comm) {
    const auto memory = open_client_memory(path, kShape, 0, comm);
    for (ClientId id = comm.rank(); id < kShape.clients; id += comm.size()) memory->store(id, 1, state(id));
    memory->commit(1);
    comm.barrier();
  });
  test::world().barrier();
  test::on_ranks(3, [&](Communicator& comm) {
    const auto memory = open_client_memory(path, kShape, 1, comm);
    std::vector<float> out(3);
    for (ClientId id = comm.rank(); id < kShape.clients; id += comm.size()) {
      EXPECT_TRUE(memory->load(id, out));
      EXPECT_EQ(out, state(id));
    }
  });
  test::world().barrier();
  if (test::world().is_root()) std::filesystem::remove(path);
}

}  // namespace
}  // namespace fedscape
