#include <fmt/format.h>

#include <optional>

#include "fedscape/algo/evaluate.hpp"
#include "fedscape/algo/federated/ccvr.hpp"
#include "fedscape/app/machine.hpp"
#include "fedscape/app/progress.hpp"
#include "fedscape/base/log.hpp"
#include "fedscape/io/load_dataset.hpp"
#include "fedscape/io/model_file.hpp"
#include "fedscape/nn/zoo.hpp"
#include "src/app/checks.hpp"
#include "src/app/commands.hpp"
#include "src/app/inputs.hpp"
#include "src/app/model_source.hpp"

namespace fedscape {

namespace {

/// The last step of CCVR, on what a run file holds: its global model and, by its options, the clients' samples.
class FlCalibrate : public Command {
 public:
  void options(OptionTable& table) override {
    table.group("Calibration of the classifier (CCVR)");
    table.field("model", model_, "run file, which also gives data, clients and network; or safetensors");
    table.field("output", output_, "HDF5 file that evaluate, landscape sweep and --init take as a model");
    table.field("seed", seed_, "of the clients, of virtual features and of their batches");
    ccvr_.options(table);
    table.positional({"model", "output"});
    table.add("Data", data_);
    table.add("Clients", partition_);
    table.add("Network", network_, "network");
    table.add("Machine", machine_);
  }
  void check(OptionTable& table) override {
    FEDSCAPE_CHECK(!output_.empty(), "fl calibrate: a run file and the name of the new file were expected");
    table.assume(stored_options(model_), model_);
    check_options(data_, table);
    check_at_least("seed", seed_, 0);
    check_options(partition_);
    ccvr_.check();
    machine_.check();
  }
  int run(Communicator& comm, const OptionTable& table) override;

 private:
  void write(const Dataset& train, const Network& network, std::span<const float> params, const OptionTable& table,
             const std::string& device);

  std::string model_, output_;
  std::int64_t seed_ = 1;
  CcvrOptions ccvr_;
  DataOptions data_;
  PartitionOptions partition_;
  NetworkOptions network_;
  MachineOptions machine_;
};

void FlCalibrate::write(const Dataset& train, const Network& network, std::span<const float> params,
                        const OptionTable& table, const std::string& device) {
  RunInfo info;
  info.command = "fl calibrate";
  info.options = table.description();
  info.seed = static_cast<std::uint64_t>(seed_);
  info.data_hash = train.hash();
  info.device = device;
  info.build = build_text();
  write_model(output_, info, network.layout(), params);
}

int FlCalibrate::run(Communicator& comm, const OptionTable& table) {
  log_info("fl calibrate on {} rank(s):\n{}", comm.size(), table.text());
  const auto seed = static_cast<std::uint64_t>(seed_);
  // 1. The machine, the data and its owners, the model.
  Machine machine;
  agree(comm, [&] { machine = pick_machine(machine_, comm); });
  Workers workers(machine.device, machine.threads, machine.tuning.get());
  const Dataset train = load_shared(comm, data_, Split::train), test = load_shared(comm, data_, Split::test);
  Clients clients;
  std::optional<Network> network;
  std::vector<float> params;
  agree(comm, [&] {
    clients = deal(train, partition_, seed);
    network.emplace(build_network(network_, train.shape(), train.classes()));
    params = read_model(model_, network->layout());
  });
  const auto on_device = [&] { return to_device(workers.stream(), params, {1, std::ssize(params)}); };
  const auto metrics = [&] {
    return evaluate_sharded(workers, comm, *network, on_device().view().as({std::ssize(params)}), test);
  };

  // 2. What clients tell of their features, and a classifier for that.
  const Timer timer;
  const Metrics before = metrics();
  const ClassGaussians gaussians = class_gaussians(workers, comm, *network, on_device(), train, clients);
  agree(comm, [&] { params = calibrated(workers.stream(), *network, params, gaussians, ccvr_, seed); });
  const Metrics after = metrics();
  log_info("{} clients, {} features, in {}", clients.size(), gaussians.features, duration(timer.seconds()));

  // 3. What came out.
  agree(comm, [&] {
    if (!comm.is_root()) return;
    write(train, *network, params, table, machine.text());
    fmt::print("test accuracy {:.2f} %, calibrated {:.2f} %\n", metric(before, "accuracy"), metric(after, "accuracy"));
    fmt::print("test loss     {:.4f}, calibrated {:.4f}\n", metric(before, "loss"), metric(after, "loss"));
  });
  return 0;
}

}  // namespace

std::unique_ptr<Command> make_fl_calibrate() { return std::make_unique<FlCalibrate>(); }

}  // namespace fedscape
