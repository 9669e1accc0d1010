#include <cstdlib>

#include "src/comm/mpi_communicator.hpp"

namespace fedscape {

void check_mpi(int code, const char* call, const char* file, int line) {
  if (code == MPI_SUCCESS) return;
  char reason[MPI_MAX_ERROR_STRING] = "";
  int length = 0;
  MPI_Error_string(code, reason, &length);
  fail(fmt::format("{} failed: {} ({}:{})", call, reason, file, line));
}

MpiSession::MpiSession() {
  int provided = 0;
  // Open MPI's UCX component claims windows between nodes and fails where UCX finds no fabric but TCP. One counter is
  // all that crosses nodes one-sided, and the other components do for it.
  setenv("OMPI_MCA_osc", "^ucx", 0);
  // Only the main thread calls MPI; the others never do.
  MPI_CHECK(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided));
  FEDSCAPE_CHECK(provided >= MPI_THREAD_FUNNELED, "this MPI offers thread level {}; MPI_THREAD_FUNNELED is needed",
                 provided);
  MPI_CHECK(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN));
}

MpiSession::~MpiSession() { MPI_Finalize(); }

std::unique_ptr<Communicator> MpiSession::world(int largest_count) {
  MPI_Comm copy = MPI_COMM_NULL;
  MPI_CHECK(MPI_Comm_dup(MPI_COMM_WORLD, &copy));
  return std::make_unique<MpiCommunicator>(copy, largest_count);
}

void MpiSession::abort(int exit_code) {
  MPI_Abort(MPI_COMM_WORLD, exit_code);
  std::abort();
}

}  // namespace fedscape
