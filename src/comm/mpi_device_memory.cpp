#include <mpi.h>

#if __has_include(<mpi-ext.h>)
#include <mpi-ext.h>
#endif

#include "src/comm/mpi_communicator.hpp"

namespace fedscape {

bool mpi_takes_device_memory() {
#ifdef MPIX_CUDA_AWARE_SUPPORT  // Open MPI's: defined, if only as 0, where the question can be asked
  return MPIX_Query_cuda_support() == 1;
#else
  return false;
#endif
}

}  // namespace fedscape
