#include <fmt/format.h>

#include <map>
#include <optional>

#include "fedscape/app/progress.hpp"
#include "fedscape/app/stop.hpp"
#include "fedscape/base/log.hpp"
#include "fedscape/io/model_file.hpp"
#include "fedscape/io/surface_file.hpp"
#include "src/app/commands.hpp"
#include "src/app/inputs.hpp"
#include "src/app/profiling.hpp"
#include "src/app/sweep_options.hpp"

namespace fedscape {

namespace {

class LandscapeSweep : public Command {
 public:
  void options(OptionTable& table) override {
    options_.list(table);
    table.positional({"model"});
  }
  void check(OptionTable& table) override { options_.check(table); }
  int run(Communicator& comm, const OptionTable& table) override;

 private:
  SweepCommandOptions options_;
};

/// How far the sweep of all ranks is when this rank finishes a point: tiles are taken in the order of the plan.
class Place {
 public:
  Place(const Grid& grid, std::span<const Point> pending) : nx_(grid.nx) {
    std::int64_t next = 0;
    for (const Tile& tile : plan_tiles(grid, pending, 1)) places_[key(tile.front())] = ++next;
  }
  std::int64_t of(Point p) const { return places_.at(key(p)); }

 private:
  std::int64_t key(Point p) const { return p.iy * nx_ + p.ix; }
  std::int64_t nx_;
  std::map<std::int64_t, std::int64_t> places_;
};

int LandscapeSweep::run(Communicator& world, const OptionTable& table) {
  const SweepCommandOptions& o = options_;
  log_info("landscape sweep on {} rank(s):\n{}", world.size(), table.text());

  // 1. This rank's part of the machine; the data.
  Machine machine;
  agree(world, [&] { machine = pick_machine(o.machine, world); });
  Workers workers(machine.device, machine.threads, machine.tuning.get());
  Stream& stream = workers.stream();
  Profiling profiling(o.machine.profile, workers, world);
  Communicator& comm = profiling.comm();
  const auto load = [&](Split split) {
    return in_phase(stream, Phase::io, "data", [&] { return load_shared(comm, o.data, split); });
  };
  const BatchNormPolicy policy = parse_batch_norm_policy(o.batch_norm);
  const std::vector<std::string> names = o.split_names();
  const bool train_needed = names.front() == "train" || policy == BatchNormPolicy::recalibrated;
  Dataset train, test;
  if (train_needed) train = load(Split::train);
  if (names.back() == "test") test = load(Split::test);
  const Dataset& shape = train_needed ? train : test;
  std::vector<SweepData> splits;
  for (const std::string& name : names) splits.push_back({name, name == "train" ? &train : &test});

  const Grid grid = o.grid();

  // 2. The model at the origin, and the plane through it.
  std::optional<Network> network;
  std::vector<float> origin;
  Directions directions;
  agree(comm, [&] {
    network.emplace(build_network(o.network, shape.shape(), shape.classes()));
    origin = read_model(o.model, network->layout());
    directions = make_directions(o, network->layout(), origin);
    if (grid.line()) directions.y.clear();
    FEDSCAPE_CHECK(grid.line() || !directions.y.empty(),
                   "{}: two directions were expected for a plane, one was found; --y \"\" sweeps a line",
                   o.direction_file);
    if (comm.is_root() && !o.save_directions.empty())
      write_directions(o.save_directions, network->layout(), directions);
  });
  const Plane plane = make_plane(stream, origin, directions.x, directions.y);
  if (!directions.y.empty()) log_info("cosine of the directions: {:.4f}", cosine(directions.x, directions.y));

  // 3. The surface file knows which points are still missing.
  SurfaceFile::Content content{o.info(table), grid, names, o.direction_file};
  content.info.options.emplace_back("plane", fmt::format("{:016x}", fingerprint(stream, plane)));
  for (const SweepData& split : splits) content.info.data_hash = content.info.data_hash * 31 + split.data->hash();
  content.info.device = machine.text();
  if (o.fresh) remove_output(comm, o.output);
  SurfaceFile surface = SurfaceFile::open(o.output, content, comm, o.save_seconds);
  const std::vector<Point> pending = surface.pending();
  log_info("{} of {} points to compute, {} thread(s) a rank, {}", pending.size(), grid.points(), machine.threads,
           content.info.device);

  // 4. Points from the shared queue until it is empty.
  const Place place(grid, pending);
  Progress progress("point", static_cast<std::int64_t>(pending.size()), 0, comm.is_root());
  Timer total;
  const auto record = [&](Point p, std::span<const Metrics> metrics) {
    in_phase(stream, Phase::io, "output", [&] { surface.record(p, metrics); });
    progress.update(place.of(p), fmt::format("{} loss {:.4f}", names.back(), metric(metrics.back(), "loss")));
  };
  sweep(workers, comm, *network, plane, grid, pending, splits,
        policy == BatchNormPolicy::recalibrated ? &train : nullptr,
        {policy, static_cast<int>(o.models_per_stack), parse_precision(o.precision)}, record, stop_requested);
  in_phase(stream, Phase::io, "output", [&] { surface.finish(); });
  if (const std::optional<ProfileTable> profile = profiling.finish()) {
    surface.save_profile(*profile);
    log_info("{}", profile_text(*profile));
  }
  const bool stopped = !surface.pending().empty();
  const auto left = static_cast<std::int64_t>(surface.pending().size()), done = std::ssize(pending) - left;
  const double seconds = total.seconds();
  log_info("{} with {} of {} points, {} ({:.4g} s a point): {}", stopped ? "stopped" : "finished", grid.points() - left,
           grid.points(), duration(seconds), done > 0 ? seconds / static_cast<double>(done) : 0.0, o.output);
  return stopped ? kExitStopped : 0;
}

}  // namespace

std::unique_ptr<Command> make_landscape_sweep() { return std::make_unique<LandscapeSweep>(); }

}  // namespace fedscape
