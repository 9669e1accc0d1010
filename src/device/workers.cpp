#include "fedscape/device/workers.hpp"

#include <atomic>
#include <condition_variable>
#include <exception>
#include <limits>
#include <mutex>
#include <thread>
#include <tuple>
#include <vector>

#include "fedscape/base/check.hpp"

namespace fedscape {

namespace {

/// Waits a little for what is about to happen: to sleep and to be woken takes longer than many a piece of work. Not by
/// yielding: on a busy machine that gives the processor away for milliseconds.
template <class Condition>
void spin_until(const Condition& holds) {
  constexpr int kSpins = 2000;  // some 30 us
  for (int i = 0; i < kSpins && !holds(); ++i) {
#ifdef __x86_64__
    __builtin_ia32_pause();
#endif
  }
}

}  // namespace

struct Workers::Pool {
  using Work = std::function<void(Stream&, int, std::int64_t)>;

  Pool(Device device_in, int threads, const ProductChoice* products_in)
      : device(device_in), products(products_in), main_stream(device_in) {
    main_stream.set_products(products);
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
  void serve(int worker) try {
    Stream stream(device);
    stream.set_products(products);
    std::uint64_t seen = 0;
    while (true) {
      spin_until([&] { return generation != seen; });
      {
        std::unique_lock lock(mutex);
        wake.wait(lock, [&] { return ending || generation != seen; });
        if (ending) return;
        seen = generation;
      }
      take_tasks(stream, worker, {});
    }
  } catch (...) {  // there is no stream: the next run says why
    const std::lock_guard lock(mutex);
    no_stream = std::current_exception();
  }

  /// One word says all that a thread must know to take a task, so that one that wakes late, even in the next run, takes
  /// none twice: how many there are, and the next one.
  static std::uint64_t word_of(std::int64_t tasks) { return static_cast<std::uint64_t>(tasks) << kBits; }

  void take_tasks(Stream& stream, int worker, const std::function<void()>& idle) {
    while (true) {
      const std::uint64_t word = next.fetch_add(1);
      const auto task = static_cast<std::int64_t>(word & ((std::uint64_t{1} << kBits) - 1));
      if (task >= static_cast<std::int64_t>(word >> kBits)) return;
      do_task(stream, worker, task, idle);
    }
  }

  void do_task(Stream& stream, int worker, std::int64_t task, const std::function<void()>& idle) {
    try {
      if (worker > 0) stream.set_profile(profile_of(worker));
      const ProfileScope working(worker > 0 ? stream.profile() : nullptr, phase, kind);
      (*work)(stream, worker, task);
      if (worker > 0) stream.synchronize();  // the calling thread's stream goes on with what this one made
      if (idle) idle();
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (task < failed_task) {
        failed_task = task;
        failure = std::current_exception();
      }
    }
    if (--left > 0) return;
    const std::lock_guard lock(mutex);
    done.notify_one();
  }

  Profile* profile_of(int worker) { return profiling ? &profiles[static_cast<std::size_t>(worker)] : nullptr; }

  Device device;
  const ProductChoice* products;
  Stream main_stream;
  std::vector<std::thread> helpers;
  std::mutex mutex;
  std::condition_variable wake, done;
  bool ending = false;
  std::atomic<std::uint64_t> generation{0};
  static constexpr int kBits = 32;  // of the next task in its word
  const Work* work = nullptr;
  std::atomic<std::uint64_t> next{0};
  std::atomic<std::int64_t> left{0};  // tasks that have not ended
  std::int64_t failed_task = std::numeric_limits<std::int64_t>::max();
  std::exception_ptr failure, no_stream;
  Phase phase = Phase::other;  // what the calling thread does
  std::string_view kind;
  std::vector<Profile> profiles;  // of each worker
  bool profiling = false;         // changes between runs only
};

Workers::Workers(Device device, int threads, const ProductChoice* products) {
  FEDSCAPE_CHECK(threads >= 1 && threads <= 1024, "{} threads; from 1 to 1024 are possible", threads);
  pool_ = std::make_unique<Pool>(device, threads, products);
}

Workers::~Workers() = default;
int Workers::size() const { return static_cast<int>(pool_->helpers.size()) + 1; }
Stream& Workers::stream() { return pool_->main_stream; }

void Workers::run(std::int64_t tasks, const std::function<void(Stream&, int, std::int64_t)>& work,
                  const std::function<void()>& idle) {
  Pool& pool = *pool_;
  FEDSCAPE_CHECK(tasks >= 0 && tasks < std::int64_t{1} << (Pool::kBits - 1), "{} tasks", tasks);
  if (!pool.helpers.empty()) pool.main_stream.synchronize();  // their streams go on with what it made
  {
    const std::lock_guard lock(pool.mutex);
    if (pool.no_stream) std::rethrow_exception(pool.no_stream);
    if (pool.profiling) std::tie(pool.phase, pool.kind) = pool.profiles.front().now();
    pool.work = &work;
    pool.failed_task = std::numeric_limits<std::int64_t>::max();
    pool.failure = nullptr;
    pool.left = tasks;
    pool.next = Pool::word_of(tasks);
    ++pool.generation;
  }
  pool.wake.notify_all();
  Workers* const team = pool.main_stream.team();
  pool.main_stream.set_team(nullptr);  // what a task would share out it does by itself
  pool.take_tasks(pool.main_stream, 0, idle);
  pool.main_stream.set_team(team);
  const ProfileScope waiting(pool.main_stream, Phase::waiting, "threads");
  spin_until([&] { return pool.left == 0; });
  std::unique_lock lock(pool.mutex);
  pool.done.wait(lock, [&] { return pool.left == 0; });
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
