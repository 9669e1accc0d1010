#include "fedscape/device/workers.hpp"

#include <atomic>
#include <condition_variable>
#include <exception>
#include <limits>
#include <mutex>
#include <thread>
#include <vector>

#include "fedscape/base/check.hpp"

namespace fedscape {

struct Workers::Pool {
  using Work = std::function<void(Stream&, int, std::int64_t)>;

  Pool(Device device_in, int threads) : device(device_in), main_stream(device_in) {
    for (int worker = 1; worker < threads; ++worker) helpers.emplace_back([this, worker] { serve(worker); });
  }
  ~Pool() {
    {
      const std::lock_guard lock(mutex);
      ending = true;
    }
    wake.notify_all();
    for (std::thread& helper : helpers) helper.join();
  }

  // A helper makes its Stream itself: oneDNN ties what it makes to the OpenMP settings of the making thread.
  void serve(int worker) {
    Stream stream(device);
    std::uint64_t seen = 0;
    while (true) {
      {
        std::unique_lock lock(mutex);
        wake.wait(lock, [&] { return ending || generation != seen; });
        if (ending) return;
        seen = generation;
      }
      {
        stream.set_profile(profile_of(worker));
        const ProfileScope working(stream, Phase::other);
        take_tasks(stream, worker, {});
      }
      const std::lock_guard lock(mutex);
      if (--busy == 0) done.notify_one();
    }
  }

  void take_tasks(Stream& stream, int worker, const std::function<void()>& idle) {
    for (std::int64_t task; (task = next.fetch_add(1)) < tasks;) {
      try {
        (*work)(stream, worker, task);
        if (idle) idle();
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (task < failed_task) {
          failed_task = task;
          failure = std::current_exception();
        }
      }
    }
  }

  Profile* profile_of(int worker) { return profiling ? &profiles[static_cast<std::size_t>(worker)] : nullptr; }

  Device device;
  Stream main_stream;
  std::vector<std::thread> helpers;
  std::mutex mutex;
  std::condition_variable wake, done;
  bool ending = false;
  std::uint64_t generation = 0;
  int busy = 0;
  const Work* work = nullptr;
  std::int64_t tasks = 0;
  std::atomic<std::int64_t> next{0};
  std::int64_t failed_task = std::numeric_limits<std::int64_t>::max();
  std::exception_ptr failure;
  std::vector<Profile> profiles;  // of each worker
  bool profiling = false;         // changes between runs only
};

Workers::Workers(Device device, int threads) {
  FEDSCAPE_CHECK(threads >= 1 && threads <= 1024, "{} threads; from 1 to 1024 are possible", threads);
  pool_ = std::make_unique<Pool>(device, threads);
}

Workers::~Workers() = default;
int Workers::size() const { return static_cast<int>(pool_->helpers.size()) + 1; }
Stream& Workers::stream() { return pool_->main_stream; }

void Workers::run(std::int64_t tasks, const std::function<void(Stream&, int, std::int64_t)>& work,
                  const std::function<void()>& idle) {
  Pool& pool = *pool_;
  {
    const std::lock_guard lock(pool.mutex);
    pool.work = &work;
    pool.tasks = tasks;
    pool.next = 0;
    pool.failed_task = std::numeric_limits<std::int64_t>::max();
    pool.failure = nullptr;
    pool.busy = static_cast<int>(pool.helpers.size());
    ++pool.generation;
  }
  pool.wake.notify_all();
  pool.take_tasks(pool.main_stream, 0, idle);
  const ProfileScope waiting(pool.main_stream, Phase::waiting, "threads");
  std::unique_lock lock(pool.mutex);
  pool.done.wait(lock, [&] { return pool.busy == 0; });
  if (pool.failure) std::rethrow_exception(pool.failure);
}

void Workers::start_profiles() {
  pool_->profiles.resize(static_cast<std::size_t>(size()));
  pool_->profiling = true;
  pool_->main_stream.set_profile(pool_->profile_of(0));
  for (Profile& profile : pool_->profiles)
    &profile == pool_->profiles.data() ? profile.start() : profile.start(Phase::waiting, "threads");
}

std::span<const Profile> Workers::stop_profiles() {
  for (Profile& profile : pool_->profiles) profile.stop();
  pool_->profiling = false;
  pool_->main_stream.set_profile(nullptr);
  return pool_->profiles;
}

}  // namespace fedscape
