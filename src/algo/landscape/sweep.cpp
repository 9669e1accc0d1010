#include "fedscape/algo/landscape/sweep.hpp"

#include <algorithm>
#include <optional>

#include "fedscape/device/memory.hpp"
#include "fedscape/device/profile.hpp"
#include "fedscape/ops/mix.hpp"
#include "src/algo/landscape/tile_feed.hpp"
#include "src/algo/side_by_side.hpp"

namespace fedscape {

void perturb(Stream& stream, const Plane& plane, const Grid& grid, std::span<const Point> tile, View<float> params) {
  const std::int64_t rows = static_cast<std::int64_t>(tile.size());
  FEDSCAPE_CHECK(params.shape == plane.basis.shape().inner().under(rows), "{} points of a plane {} into {}", rows,
                 plane.basis.shape().text(), params.shape.text());
  const double values = static_cast<double>(params.size()), basis = static_cast<double>(plane.basis.size());
  const ProfileScope scope(stream, Phase::load, "perturb", {6 * values, sizeof(float) * (values + basis)});
  std::vector<float> weights;
  for (const Point p : tile)
    weights.insert(weights.end(), {1.0f, static_cast<float>(grid.x(p.ix)), static_cast<float>(grid.y(p.iy))});
  ops::mix(stream, {weights.data(), {rows, 3}}, plane.basis, 0, params);
}

namespace {

/// What all threads of a sweep share and none changes.
struct Job {
  const Network& network;
  const Plane& plane;
  const Grid& grid;
  std::span<const SweepData> splits;
  const Dataset* recalibrate;
  const SweepOptions& options;
};

/// Evaluates up to so many points together; holds their plan, their models and what recalibration needs.
class StackEvaluator {
 public:
  StackEvaluator(Stream& stream, const Job& job, int models)
      : job_(job),
        evaluator_(stream, job.network, models, job.options.precision),
        params_(stream, {models, job.network.layout().size()}) {
    if (job.recalibrate) recalibrator_.emplace(stream, job.network, models);
  }

  /// `between` is called after each chunk.
  std::vector<Metrics> run(Stream& stream, std::span<const Point> tile, const std::function<void()>& between) {
    const View<float> params = params_.view().rows(0, static_cast<std::int64_t>(tile.size()));
    perturb(stream, job_.plane, job_.grid, tile, params);
    if (recalibrator_) recalibrator_->run(stream, *job_.recalibrate, {}, params, between);
    evaluator_.load(stream, params);
    std::vector<Metrics> metrics(tile.size() * job_.splits.size()), sums(tile.size());
    for (std::size_t s = 0; s < job_.splits.size(); ++s) {
      const Dataset& data = *job_.splits[s].data;
      for (std::int64_t c = 0; c * kMetricChunk < data.size(); ++c) {
        evaluator_.chunk(stream, data, {}, c, sums);
        for (std::size_t p = 0; p < tile.size(); ++p) metrics[p * job_.splits.size() + s] += sums[p];
        if (between) between();
      }
    }
    return metrics;
  }

 private:
  const Job& job_;
  Evaluator evaluator_;
  std::optional<Recalibrator> recalibrator_;
  Tensor<float> params_;
};

/// Evaluates tiles on one thread: whole ones, or in parts where the device has no room for all points side by side.
class TileEvaluator {
 public:
  TileEvaluator(const Job& job, std::atomic<bool>& said_halved)
      : job_(job), models_(job.options.models_per_stack), said_halved_(said_halved) {}

  std::vector<Metrics> run(Stream& stream, const Tile& tile, const std::function<void()>& between) {
    std::vector<Metrics> metrics;
    for (std::size_t done = 0; done < tile.size();) {
      const std::size_t now = std::min(static_cast<std::size_t>(models_), tile.size() - done);
      try {
        if (!stack_) stack_.emplace(stream, job_, models_);
        const std::vector<Metrics> part = stack_->run(stream, std::span(tile).subspan(done, now), between);
        metrics.insert(metrics.end(), part.begin(), part.end());
        done += now;
      } catch (const OutOfMemory& error) {
        models_ = halved(models_, "points", error, said_halved_);
        stack_.reset();
      }
    }
    return metrics;
  }

 private:
  const Job& job_;
  int models_;
  std::atomic<bool>& said_halved_;
  std::optional<StackEvaluator> stack_;
};

/// Returns the tile that a worker failed to finish, so that nobody waits for it.
class TileInHand {
 public:
  explicit TileInHand(TileFeed& feed) : feed_(feed) {}
  ~TileInHand() {
    if (!finished_) feed_.give_up();
  }
  TileInHand(const TileInHand&) = delete;
  TileInHand& operator=(const TileInHand&) = delete;
  void finish(FinishedTile tile) {
    feed_.finish(std::move(tile));
    finished_ = true;
  }

 private:
  TileFeed& feed_;
  bool finished_ = false;
};

/// No tiles come once the communicating thread has left, be it by an Error: the other threads must not wait for them.
class EndOfFeed {
 public:
  explicit EndOfFeed(TileFeed& feed) : feed_(feed) {}
  ~EndOfFeed() { feed_.cancel(); }
  EndOfFeed(const EndOfFeed&) = delete;
  EndOfFeed& operator=(const EndOfFeed&) = delete;

 private:
  TileFeed& feed_;
};

/// The part of a sweep that one rank does.
class RankSweep {
 public:
  RankSweep(const Job& job, const std::vector<Tile>& tiles, Communicator::Counter& counter, const RecordPoint& record,
            const std::function<bool()>& stop, int threads)
      : job_(job),
        tiles_(tiles),
        counter_(counter),
        record_(record),
        stop_(stop),
        feed_(static_cast<std::size_t>(threads)) {}

  void work(Stream& stream, int worker) { worker == 0 ? lead(stream) : follow(stream); }

  /// What only the calling thread may do: ask for tiles, hand over results, serve other ranks, look for a stop.
  /// What finished is recorded before more is asked for, so that a stop leaves no more to do than what was waiting.
  void attend() {
    counter_.progress();
    for (const FinishedTile& finished : feed_.collect()) hand_over(finished);
    if (stop_ && stop_()) feed_.cancel();
    for (std::size_t room = feed_.room(); room > 0; --room) {
      const std::int64_t next = counter_.next();
      if (next >= static_cast<std::int64_t>(tiles_.size())) return feed_.close();
      feed_.add(next);
    }
  }

 private:
  void lead(Stream& stream) {
    const EndOfFeed end(feed_);
    TileEvaluator evaluator(job_, said_halved_);
    do {
      attend();
      if (const std::optional<std::int64_t> tile = feed_.try_take())
        evaluate(stream, evaluator, *tile, [this] { attend(); });
      else
        in_phase(stream, Phase::waiting, "threads", [&] { feed_.wait_a_little(); });
    } while (!feed_.done());
    attend();
  }

  void follow(Stream& stream) {
    TileEvaluator evaluator(job_, said_halved_);
    const auto take = [&] { return in_phase(stream, Phase::waiting, "threads", [&] { return feed_.take(); }); };
    while (const std::optional<std::int64_t> tile = take()) evaluate(stream, evaluator, *tile, {});
  }

  void evaluate(Stream& stream, TileEvaluator& evaluator, std::int64_t tile, const std::function<void()>& between) {
    TileInHand in_hand(feed_);
    if (between) between();  // asks for the next tile before this one is begun
    in_hand.finish({tile, evaluator.run(stream, tiles_[static_cast<std::size_t>(tile)], between)});
  }

  void hand_over(const FinishedTile& finished) {
    const std::size_t splits = job_.splits.size();
    const Tile& tile = tiles_[static_cast<std::size_t>(finished.tile)];
    for (std::size_t p = 0; p < tile.size(); ++p)
      record_(tile[p], std::span(finished.metrics).subspan(p * splits, splits));
  }

  const Job& job_;
  const std::vector<Tile>& tiles_;
  Communicator::Counter& counter_;
  const RecordPoint& record_;
  const std::function<bool()>& stop_;
  TileFeed feed_;
  std::atomic<bool> said_halved_ = false;
};

bool moves_statistics(Stream& stream, const ParamLayout& layout, const Plane& plane) {
  const std::vector<float> basis = to_host(stream, plane.basis.view());
  for (const ParamSlot& slot : layout.slots()) {
    if (slot.role != ParamRole::statistic) continue;
    for (std::int64_t row = 1; row <= 2; ++row) {
      const auto begin = basis.begin() + row * layout.size() + slot.offset;
      if (std::any_of(begin, begin + slot.size(), [](float value) { return value != 0; })) return true;
    }
  }
  return false;
}

/// Points that each thread evaluates together where nobody says how many: one, or on a GPU what half of the free memory
/// of every rank's holds, but no more than its share of the points.
int points_that_fit(Workers& workers, Communicator& comm, const Network& network, std::span<const SweepData> splits,
                    const Dataset* recalibrate, std::size_t points, Precision precision) {
  Stream& stream = workers.stream();
  if (stream.device().kind == DeviceKind::cpu) return 1;
  for (const SweepData& split : splits) split.data->settle(stream);  // what they take is not free
  if (recalibrate) recalibrate->settle(stream);
  const auto threads = static_cast<std::int64_t>(workers.size()), ranks = std::int64_t{comm.size()};
  std::int64_t floats = InferencePlan(stream, network, 1, kMetricChunk, precision).floats() + network.layout().size();
  if (recalibrate) floats += Recalibrator(stream, network, 1).floats();
  const std::int64_t fitting = models_that_fit(stream.device(), floats, workers.size());
  const std::int64_t least = -comm.max(-fitting), share = static_cast<std::int64_t>(points) / (threads * ranks);
  return static_cast<int>(std::clamp<std::int64_t>(std::min(least, share), 1, 65535));
}

void check(Stream& stream, const Job& job) {
  const ParamLayout& layout = job.network.layout();
  FEDSCAPE_CHECK(job.options.models_per_stack >= 1, "{} models per stack", job.options.models_per_stack);
  FEDSCAPE_CHECK((job.plane.basis.shape() == Shape{3, layout.size()}), "a plane {} of a network of {} parameters",
                 job.plane.basis.shape().text(), layout.size());
  FEDSCAPE_CHECK((job.recalibrate != nullptr) == (job.options.batch_norm == BatchNormPolicy::recalibrated),
                 "recalibration of batch norms takes a data set, other policies none");
  FEDSCAPE_CHECK(job.options.batch_norm == BatchNormPolicy::states || !moves_statistics(stream, layout, job.plane),
                 "the directions move batch-norm statistics, which only the policy 'states' allows");
}

}  // namespace

void sweep(Workers& workers, Communicator& comm, const Network& network, const Plane& plane, const Grid& grid,
           std::span<const Point> pending, std::span<const SweepData> splits, const Dataset* recalibrate,
           const SweepOptions& asked, const RecordPoint& record, const std::function<bool()>& stop) {
  // 1. The same tiles in the same order on every rank.
  SweepOptions options = asked;
  if (asked.models_per_stack == 0)
    options.models_per_stack =
        points_that_fit(workers, comm, network, splits, recalibrate, pending.size(), asked.precision);
  const Job job{network, plane, grid, splits, recalibrate, options};
  check(workers.stream(), job);
  const std::vector<Tile> tiles = plan_tiles(grid, pending, options.models_per_stack);

  // 2. Each thread evaluates tiles until the counter has given out all of them.
  const std::unique_ptr<Communicator::Counter> counter = comm.make_counter();
  RankSweep rank(job, tiles, *counter, record, stop, workers.size());
  workers.run(workers.size(), [&](Stream& stream, int worker, std::int64_t) { rank.work(stream, worker); });
}

}  // namespace fedscape
