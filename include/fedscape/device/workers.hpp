#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "fedscape/device/profile.hpp"

namespace fedscape {

/// The threads of one rank, each with its own Stream. Thread 0 is the caller's.
class Workers {
 public:
  /// `products`: what the streams leave to libraries (see Stream); outlives the workers.
  Workers(Device device, int threads, const ProductChoice* products = nullptr);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  int size() const;
  /// The stream of the calling thread (worker 0), for work outside run().
  Stream& stream();

  /// Calls work(stream, worker, task) once for each task of 0..tasks-1, in any order and on any worker, and returns
  /// when all have ended. The exception of the lowest failing task is rethrown here; others still finish.
  /// `idle` (may be empty) is called on the calling thread after each of its tasks: progress of a work queue.
  void run(std::int64_t tasks, const std::function<void(Stream&, int worker, std::int64_t task)>& work,
           const std::function<void()>& idle = {});

  /// Measures from now on where the time of each thread goes: what lies between two calls of run() is waiting for all
  /// but the calling thread. Not within run().
  void start_profiles();
  /// Stops measuring and returns the profile of each thread, in their order; none if it was not started.
  std::span<const Profile> stop_profiles();

 private:
  struct Pool;
  std::unique_ptr<Pool> pool_;
};

}  // namespace fedscape
