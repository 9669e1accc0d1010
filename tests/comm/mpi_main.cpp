#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdio>

#include "tests/comm/mpi_test.hpp"

namespace fedscape::test {

namespace {

MpiSession* the_session = nullptr;
Communicator* the_world = nullptr;

/// What ranks other than the root say: their failures.
class FailurePrinter : public ::testing::EmptyTestEventListener {
  void OnTestPartResult(const ::testing::TestPartResult& result) override {
    if (result.failed())
      std::fprintf(stderr, "rank %d: %s:%d: %s\n", the_world->rank(), result.file_name(), result.line_number(),
                   result.message());
  }
};

}  // namespace

MpiSession& session() { return *the_session; }
Communicator& world() { return *the_world; }

bool on_ranks(int ranks, const std::function<void(Communicator&)>& work) {
  if (ranks > world().size()) return false;
  const std::unique_ptr<Communicator> part = world().split(world().rank() < ranks ? 0 : 1);
  if (world().rank() < ranks) work(*part);
  return true;
}

SharedFolder::SharedFolder() {
  std::int64_t id = getpid();
  world().broadcast(std::as_writable_bytes(std::span(&id, 1)), 0);
  path_ = std::filesystem::temp_directory_path() / ("fedscape-ranks-" + std::to_string(id));
  if (world().is_root()) std::filesystem::create_directory(path_);
  world().barrier();
}

SharedFolder::~SharedFolder() {
  world().barrier();
  std::error_code ignored;
  if (world().is_root()) std::filesystem::remove_all(path_, ignored);
  world().barrier();
}

int run(int argc, char** argv) {
  MpiSession mpi;
  the_session = &mpi;
  ::testing::InitGoogleTest(&argc, argv);
  const std::unique_ptr<Communicator> comm = mpi.world();
  the_world = comm.get();
  ::testing::TestEventListeners& listeners = ::testing::UnitTest::GetInstance()->listeners();
  if (!comm->is_root()) {
    delete listeners.Release(listeners.default_result_printer());
    listeners.Append(new FailurePrinter);
  }
  return static_cast<int>(comm->max(std::int64_t{RUN_ALL_TESTS()}));
}

}  // namespace fedscape::test

int main(int argc, char** argv) { return fedscape::test::run(argc, argv); }
