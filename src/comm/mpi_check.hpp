#pragma once

#include <mpi.h>

namespace fedscape {

/// Throws an Error with the call's text, MPI's own words for the code, file and line unless code is MPI_SUCCESS.
void check_mpi(int code, const char* call, const char* file, int line);

}  // namespace fedscape

#define MPI_CHECK(call) ::fedscape::check_mpi((call), #call, __FILE__, __LINE__)
