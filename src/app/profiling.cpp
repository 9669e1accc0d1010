#include "src/app/profiling.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <barrier>

#include "fedscape/comm/profiled.hpp"
#include "fedscape/ops/peak.hpp"
#include "fedscape/tensor/tensor.hpp"

namespace fedscape {

namespace {

/// Floats of each of the two arrays that a thread copies: those of all threads together are twice the last cache, but
/// at most 256 MiB.
std::int64_t copied_floats(int threads) {
  constexpr std::int64_t kLeast = std::int64_t{32} << 20, kMost = std::int64_t{256} << 20;
  const std::int64_t bytes = std::clamp<std::int64_t>(2 * sysconf(_SC_LEVEL3_CACHE_SIZE), kLeast, kMost);
  return bytes / (2 * threads * static_cast<std::int64_t>(sizeof(float)));
}

/// Each thread measures its own at the time when all others do: a barrier gives every thread one task.
std::vector<Peaks> measure_peaks(Workers& workers, Communicator& world) {
  constexpr double kSeconds = 0.05;
  std::vector<Peaks> peaks(static_cast<std::size_t>(workers.size()));
  if (workers.stream().device().kind != DeviceKind::cpu) return peaks;
  const std::int64_t floats = copied_floats(workers.size());
  Tensor<float> from(workers.stream(), {workers.size(), floats}), to(workers.stream(), from.shape());
  std::barrier together(workers.size());
  world.barrier();
  workers.run(workers.size(), [&](Stream& stream, int worker, std::int64_t) {
    together.arrive_and_wait();
    Peaks& own = peaks[static_cast<std::size_t>(worker)];
    own.flops = ops::multiply_add_rate(stream, kSeconds);
    std::fill_n(from.data() + worker * floats, floats, 1.0f);
    together.arrive_and_wait();
    own.bytes =
        ops::copy_rate(stream, from.view().rows(worker, worker + 1), to.view().rows(worker, worker + 1), kSeconds);
  });
  return peaks;
}

/// "12.3" in units of 10^9 a second and "45 %" of the peak.
std::string rate_text(double amount, double seconds, double peak) {
  if (amount <= 0 || seconds <= 0) return fmt::format("{:>9} {:>8}", "-", "-");
  const std::string share = peak > 0 ? fmt::format("{:.0f} %", 100 * amount / seconds / peak) : "-";
  return fmt::format("{:>9.2f} {:>8}", amount / seconds / 1e9, share);
}

}  // namespace

Profiling::Profiling(bool on, Workers& workers, Communicator& world) : workers_(workers), world_(world) {
  if (!on) return;
  peaks_ = measure_peaks(workers, world);
  comm_ = profiled(world, workers.stream());
  world.barrier();
  workers.start_profiles();
}

std::optional<ProfileTable> Profiling::finish() {
  if (!comm_) return std::nullopt;
  const std::span<const Profile> profiles = workers_.stop_profiles();
  return sum_profiles(profiles, peaks_, world_);
}

std::string profile_text(const ProfileTable& table) {
  std::string text = fmt::format("where the time went: {} thread(s) on {} rank(s) for {:.4g} s each\n", table.threads,
                                 table.ranks, table.wall_seconds);
  if (table.peaks.flops > 0)
    text += fmt::format("peaks of a thread while all are busy: {:.1f} GFLOP/s (float32), {:.2f} GB/s (copy)\n",
                        table.peaks.flops / 1e9, table.peaks.bytes / 1e9);
  text += fmt::format("{:<14} {:<22} {:>10} {:>10} {:>7} {:>9} {:>8} {:>9} {:>8}\n", "phase", "kind", "calls",
                      "seconds", "share", "GFLOP/s", "of peak", "GB/s", "of copy");
  const double all = static_cast<double>(table.threads) * table.wall_seconds;
  double total = 0;
  for (const ProfileTable::Row& row : table.rows) {
    total += row.seconds;
    text += fmt::format("{:<14} {:<22} {:>10} {:>10.3f} {:>5.1f} % {} {}\n", row.phase, row.kind, row.calls,
                        row.seconds, 100 * row.seconds / all, rate_text(row.cost.flops, row.seconds, table.peaks.flops),
                        rate_text(row.cost.bytes, row.seconds, table.peaks.bytes));
  }
  return text + fmt::format("{:<48} {:>10.3f} {:>5.1f} %\n", "all", total, 100 * total / all);
}

}  // namespace fedscape
