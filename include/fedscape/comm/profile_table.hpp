#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "fedscape/comm/communicator.hpp"
#include "fedscape/device/profile.hpp"

namespace fedscape {

/// The most that one thread can do while all others do the same; 0: not known.
struct Peaks {
  double flops = 0, bytes = 0;  // a second; bytes: read and written by a copy that no cache holds
};

/// Where the time of all threads of all ranks went. The rows add up to threads * wall_seconds.
struct ProfileTable {
  struct Row {
    std::string phase, kind;
    std::int64_t calls = 0;
    double seconds = 0;  // of all threads
    Cost cost;
  };
  std::vector<Row> rows;
  std::int64_t ranks = 1, threads = 1;  // threads: of all ranks
  double wall_seconds = 0;              // mean of the threads
  Peaks peaks;                          // mean of the threads
};

/// Adds up the stopped profiles of this rank's threads and those of all other ranks, in the order of ranks and threads.
/// `peaks`: one for each thread, or none. Rows are in the order of Phase, kinds in that of their first calls.
/// Collective; the same on every rank.
ProfileTable sum_profiles(std::span<const Profile> mine, std::span<const Peaks> peaks, Communicator& comm);

}  // namespace fedscape
