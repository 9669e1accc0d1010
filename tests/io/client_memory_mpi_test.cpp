#include <gtest/gtest.h>

#include "fedscape/io/client_memory_file.hpp"
#include "tests/comm/mpi_test.hpp"

namespace fedscape {
namespace {

constexpr ClientMemoryShape kShape{.clients = 11, .floats = 3, .run = 1};

std::vector<float> state(ClientId id) { return {static_cast<float>(id), 1, 2}; }

TEST(ClientMemoryFile, OfFourRanksIsReadByThree) {
  const test::SharedFolder folder;
  const std::filesystem::path path = folder / "memory";
  test::on_ranks(4, [&](Communicator& comm) {
    const auto memory = open_client_memory(path, kShape, 0, comm);
    for (ClientId id = comm.rank(); id < kShape.clients; id += comm.size()) memory->store(id, 1, state(id));
    memory->commit(1);
    comm.barrier();
  });
  test::world().barrier();
  test::on_ranks(3, [&](Communicator& comm) {
    const auto memory = open_client_memory(path, kShape, 1, comm, 2 * 300);
    std::vector<float> out(3);
    for (ClientId id = comm.rank(); id < kShape.clients; id += comm.size()) {
      EXPECT_TRUE(memory->load(id, out));
      EXPECT_EQ(out, state(id));
    }
  });
}

}  // namespace
}  // namespace fedscape
