#include "fedscape/algo/train.hpp"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cmath>
#include <filesystem>
#include <optional>

#include "fedscape/app/machine.hpp"
#include "fedscape/app/progress.hpp"
#include "fedscape/app/stop.hpp"
#include "fedscape/base/log.hpp"
#include "fedscape/device/team.hpp"
#include "fedscape/io/model_file.hpp"
#include "fedscape/io/run_file.hpp"
#include "fedscape/ops/reduce.hpp"
#include "src/app/checks.hpp"
#include "src/app/commands.hpp"
#include "src/app/inputs.hpp"
#include "src/app/profiling.hpp"

namespace fedscape {

namespace {

/// All ranks go on with the root's values.
void share_model(Communicator& comm, Stream& stream, View<float> values) {
  if (comm.size() == 1) return;
  std::vector<float> host = to_host(stream, View<const float>(values));
  comm.broadcast(std::as_writable_bytes(std::span(host)), 0);
  if (!comm.is_root()) copy_to_device(stream, values.data, host.data(), host.size() * sizeof(float));
}

class Train : public Command {
 public:
  void options(OptionTable& table) override;
  void check(OptionTable& table) override;
  int run(Communicator& comm, const OptionTable& table) override;

 private:
  RunInfo info(const OptionTable& table) const;
  void write_snapshot(const Network& network, const OptionTable& table, double epoch,
                      std::span<const float> params) const;

  std::int64_t seed_ = 1;
  std::string output_ = "out/train.h5", init_;
  double save_seconds_ = 30;
  bool fresh_ = false;
  DataOptions data_;
  NetworkOptions network_;
  TrainOptions train_;
  MachineOptions machine_;
};

void Train::options(OptionTable& table) {
  table.group("Training");
  table.field("seed", seed_, "of everything random: initial model, batches");
  table.field("output", output_, "run file (HDF5); beside it .csv and .jsonl, and snapshots as safetensors");
  table.field("init", init_, "initial model (safetensors or run file); empty: drawn as network.init says");
  table.field("save-seconds", save_seconds_, "seconds between saves of the run file; 0: after every epoch");
  table.field("fresh", fresh_, "start over where the output exists, instead of resuming it");
  table.add("Data", data_);
  table.add("Network", network_, "network");
  table.add("Steps", train_);
  table.add("Machine", machine_);
}

void Train::check(OptionTable& table) {
  check_options(data_, table);
  check_at_least("seed", seed_, 0);
  FEDSCAPE_CHECK(save_seconds_ >= 0, "save-seconds: 0 or more was expected, not {}", save_seconds_);
  FEDSCAPE_CHECK(!output_.empty(), "output: the name of a file was expected, not an empty one");
  train_.check();
  machine_.check();
}

RunInfo Train::info(const OptionTable& table) const {
  RunInfo info;
  info.command = "train";
  info.options = table.description();
  info.free = {"output", "fresh", "save-seconds", "device", "threads", "tuning", "profile", "snapshot-every"};
  if (train_.optimizer.schedule == "constant") info.free.emplace_back("epochs");  // else the rates depend on it
  info.build = build_text();
  info.seed = static_cast<std::uint64_t>(seed_);
  return info;
}

/// <output without its ending>_snapshots/model_<epoch>.safetensors.
void Train::write_snapshot(const Network& network, const OptionTable& table, double epoch,
                           std::span<const float> params) const {
  std::filesystem::path folder(output_);
  folder.replace_extension();
  folder += "_snapshots";
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  FEDSCAPE_CHECK(!error, "{}: cannot make this folder ({})", folder.string(), error.message());
  TensorFile file = to_state_dict(network.layout(), params);
  file.metadata = table.description();
  write_safetensors(folder / fmt::format("model_{:g}.safetensors", epoch), file);
}

/// 64 bits as four floats of 16 bits each, and back: what a run file keeps beside the moments.
void put_bits(std::uint64_t bits, std::span<float> out) {
  for (std::size_t i = 0; i < 4; ++i) out[i] = static_cast<float>((bits >> (16 * i)) & 0xffff);
}
std::uint64_t get_bits(std::span<const float> in) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < 4; ++i) bits |= static_cast<std::uint64_t>(in[i]) << (16 * i);
  return bits;
}

/// What rank 0 tells the others after each stretch of training.
struct Stretch {
  bool finished = false, stopped = false, epoch_ended = false;
  EpochReport report;
};

/// The trainer of rank 0 and where its state lies in a Server: memory = progress (8 floats), moments.
class RootTrainer {
 public:
  RootTrainer(Stream& stream, const Network& network, const Dataset& data, const TrainOptions& options,
              std::uint64_t seed)
      : trainer_(stream, network, data, options, seed) {}

  std::int64_t memory() { return 8 + trainer_.moments().size(); }
  void read(Stream& stream, const Server& server) {
    copy_on_device(stream, trainer_.params().data, server.global.data(), bytes(trainer_.params().size()));
    std::array<float, 8> words{};
    copy_to_host(stream, words.data(), server.memory.data(), sizeof words);
    copy_on_device(stream, trainer_.moments().data, server.memory.data() + 8, bytes(trainer_.moments().size()));
    const std::span<const float> all(words);
    trainer_.restore({static_cast<std::int64_t>(get_bits(all.first(4))), std::bit_cast<double>(get_bits(all.last(4)))});
  }
  void write(Stream& stream, Server& server) {
    std::array<float, 8> words{};
    const std::span<float> all(words);
    put_bits(static_cast<std::uint64_t>(trainer_.progress().step), all.first(4));
    put_bits(std::bit_cast<std::uint64_t>(trainer_.progress().loss), all.last(4));
    copy_on_device(stream, server.global.data(), trainer_.params().data, bytes(trainer_.params().size()));
    copy_to_device(stream, server.memory.data(), words.data(), sizeof words);
    copy_on_device(stream, server.memory.data() + 8, trainer_.moments().data, bytes(trainer_.moments().size()));
  }
  /// Trains to the end of the epoch under way, or until a signal asks to stop.
  Stretch stretch(Stream& stream, const std::function<void(double, View<const float>)>& snapshot) {
    Stretch result;
    TrainHooks hooks;
    hooks.snapshot = snapshot;
    hooks.epoch = [&](const EpochReport& report) {
      result.report = report;
      result.epoch_ended = true;
    };
    hooks.stop = [&] { return result.epoch_ended || stop_requested(); };
    result.finished = trainer_.run(stream, hooks);
    result.stopped = !result.finished && stop_requested();
    return result;
  }

 private:
  static std::size_t bytes(std::int64_t floats) { return static_cast<std::size_t>(floats) * sizeof(float); }
  CentralTrainer trainer_;
};

Row row_of_epoch(const EpochReport& report, const Metrics& test) {
  return {{"train_loss", "nats", report.train_loss},
          {"test_loss", "nats", metric(test, "loss")},
          {"test_accuracy", "percent", metric(test, "accuracy")},
          {"lr", "1", report.lr},
          {"steps", "1", static_cast<double>(report.steps)},
          {"seconds", "s", report.seconds}};
}

int Train::run(Communicator& world, const OptionTable& table) {
  log_info("train on rank 0, evaluation on {} rank(s):\n{}", world.size(), table.text());

  // 1. This rank's part of the machine, the data, the network and the model to start from.
  Machine machine;
  agree(world, [&] { machine = pick_machine(machine_, world); });
  Workers workers(machine.device, machine.threads, machine.tuning.get());
  Stream& stream = workers.stream();
  Profiling profiling(machine_.profile, workers, world);
  Communicator& comm = profiling.comm();
  const auto load = [&](Split split) {
    return in_phase(stream, Phase::io, "data", [&] { return load_shared(comm, data_, split); });
  };
  const Dataset train = load(Split::train), test = load(Split::test);
  RunInfo run_info = info(table);
  run_info.data_hash = train.hash() ^ (test.hash() << 1);
  run_info.device = machine.text();
  std::optional<Network> network;
  std::optional<RootTrainer> trainer;
  std::vector<float> initial;
  agree(comm, [&] {
    network.emplace(build_network(network_, train.shape(), train.classes()));
    initial = initial_params(*network, network_, init_, run_info.seed);
    trainer.emplace(stream, *network, train, train_, run_info.seed);
  });

  // 2. Where we stand: the first step, or the state in the run file.
  if (fresh_) remove_output(comm, output_);
  RunFile file = RunFile::open(output_, run_info, network->layout(), comm);
  const std::int64_t P = network->layout().size();
  Server server{0, to_device(stream, initial, {1, P}), Tensor<float>(stream, {1, trainer->memory()})};
  ops::fill(stream, 0.0f, server.memory);
  server = file.restore_or(stream, std::move(server));
  trainer->read(stream, server);
  if (server.round > 0) log_info("resuming {} after epoch {}", output_, server.round);

  // 3. Epoch by epoch: rank 0 trains, all evaluate.
  const auto snapshot = [&](double epoch, View<const float> params) {
    const ProfileScope scope(stream, Phase::io, "output");
    write_snapshot(*network, table, epoch, to_host(stream, params));
  };
  const std::int64_t epochs = static_cast<std::int64_t>(std::ceil(train_.epochs));
  Progress progress("epoch", epochs, server.round, comm.is_root());
  Stretch now;
  while (!now.finished && !now.stopped) {
    agree(comm, [&] {
      if (!comm.is_root()) return;
      const Team team(workers);
      now = trainer->stretch(stream, snapshot);
      trainer->write(stream, server);
    });
    comm.broadcast(std::as_writable_bytes(std::span(&now, 1)), 0);
    share_model(comm, stream, server.global);
    if (now.epoch_ended) {
      const Metrics metrics = evaluate_sharded(workers, comm, *network, server.global, test);
      server.round = now.report.epoch;
      const ProfileScope writing(stream, Phase::io, "output");
      file.append(server.round, row_of_epoch(now.report, metrics));
      file.append_weights(stream, server);
      progress.log(
          fmt::format("epoch {}/{}: test accuracy {:.2f} %, test loss {:.4f}, train loss {:.4f}, lr {:.4g}, "
                      "{} steps, {:.2f} s",
                      server.round, epochs, metric(metrics, "accuracy"), metric(metrics, "loss"), now.report.train_loss,
                      now.report.lr, now.report.steps, now.report.seconds));
      progress.update(server.round);
    }
    const ProfileScope saving(stream, Phase::io, "output");
    if (file.due(save_seconds_) || now.finished || now.stopped) file.save(stream, server);
  }
  if (const std::optional<ProfileTable> profile = profiling.finish()) {
    file.save_profile(*profile);
    log_info("{}", profile_text(*profile));
  }
  log_info("{} after epoch {} of {}: {}", now.stopped ? "stopped" : "finished", server.round, epochs, output_);
  return now.stopped ? kExitStopped : 0;
}

}  // namespace

std::unique_ptr<Command> make_train() { return std::make_unique<Train>(); }

}  // namespace fedscape
