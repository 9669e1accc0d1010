#include <fmt/format.h>

#include <optional>

#include "fedscape/algo/alignment/local_models.hpp"
#include "fedscape/algo/federated/fedavg.hpp"
#include "fedscape/app/machine.hpp"
#include "fedscape/app/progress.hpp"
#include "fedscape/base/log.hpp"
#include "fedscape/io/atomic_file.hpp"
#include "fedscape/io/load_dataset.hpp"
#include "fedscape/io/model_file.hpp"
#include "fedscape/nn/zoo.hpp"
#include "src/app/checks.hpp"
#include "src/app/commands.hpp"
#include "src/app/inputs.hpp"
#include "src/app/model_source.hpp"

namespace fedscape {

namespace {

/// Trains clients one round from a run's global model, by the options that the run stores, and compares what they
/// arrive at, two by two.
class PanAlign : public Command {
 public:
  void options(OptionTable& table) override {
    table.group("Alignment of neurons");
    table.field("model", model_,
                "run file, which also gives data, clients, network and local training; or safetensors");
    table.field("local-models", clients_, "clients that train one round (of FedAvg) from the model");
    table.field("probe-samples", samples_, "samples of the test set by which neurons are told");
    table.field("alignment", alignment_, "CSV file for the shares of every pair and layer; empty: none");
    table.field("seed", seed_, "of the clients that are drawn, and of their batches");
    table.positional({"model"});
    table.add("Data", data_);
    table.add("Clients", partition_);
    table.add("Network", network_, "network");
    table.add("Local training", local_);
    table.add("Machine", machine_);
  }
  void check(OptionTable& table) override {
    check_at_least("local-models", clients_, 2);
    check_at_least("probe-samples", samples_, 1);
    table.assume(stored_options(model_), model_);
    check_options(data_, table);
    check_at_least("seed", seed_, 0);
    check_options(partition_);
    local_.check();
    machine_.check();
  }
  int run(Communicator& comm, const OptionTable& table) override;

 private:
  std::string model_, alignment_;
  std::int64_t clients_ = 4, samples_ = 256, seed_ = 1;
  DataOptions data_;
  PartitionOptions partition_;
  NetworkOptions network_;
  LocalOptions local_;
  MachineOptions machine_;
};

/// Means over pairs, a line for each layer.
void print_shares(std::span<const HiddenLayer> layers, std::span<const AlignedPair> pairs) {
  fmt::print("{:<28} {:>7} {:>8} {:>11} {:>11}\n", "share in place (%)", "neurons", "weights", "activations",
             "preferences");
  for (std::size_t l = 0; l < layers.size(); ++l) {
    LayerShares sum;
    for (const AlignedPair& pair : pairs) {
      sum.weights += pair.layers[l].weights;
      sum.activations += pair.layers[l].activations;
      sum.preferences += pair.layers[l].preferences;
    }
    const double percent = 100.0 / static_cast<double>(pairs.size());
    fmt::print("{:<28} {:>7} {:>8.2f} {:>11.2f} {:>11.2f}\n", layers[l].name, layers[l].neurons, percent * sum.weights,
               percent * sum.activations, percent * sum.preferences);
  }
}

std::string csv_of(const OptionTable& table, std::span<const HiddenLayer> layers, std::span<const AlignedPair> pairs) {
  std::string csv;
  for (const auto& [name, value] : table.description()) csv += fmt::format("# {} = {}\n", name, value);
  csv += "first,second,layer,neurons,weights,activations,preferences\n";
  for (const AlignedPair& pair : pairs)
    for (std::size_t l = 0; l < layers.size(); ++l)
      csv += fmt::format("{},{},{},{},{},{},{}\n", pair.first, pair.second, layers[l].name, layers[l].neurons,
                         pair.layers[l].weights, pair.layers[l].activations, pair.layers[l].preferences);
  return csv;
}

int PanAlign::run(Communicator& comm, const OptionTable& table) {
  log_info("pan align on {} rank(s):\n{}", comm.size(), table.text());
  const auto seed = static_cast<std::uint64_t>(seed_);
  // 1. The machine, the data and its owners, the model.
  Machine machine;
  agree(comm, [&] { machine = pick_machine(machine_, comm); });
  Workers workers(machine.device, machine.threads, machine.tuning.get());
  const Dataset train = load_shared(comm, data_, Split::train), probe = load_shared(comm, data_, Split::test);
  Clients clients;
  std::optional<Network> network;
  std::vector<float> params;
  const CohortOptions drawn{.cohort = clients_};
  agree(comm, [&] {
    clients = deal(train, partition_, seed);
    network.emplace(build_network(network_, train.shape(), train.classes()));
    params = read_model(model_, network->layout());
    FEDSCAPE_CHECK(clients_ <= clients.size(), "local-models: at most the {} clients were expected, not {}",
                   clients.size(), clients_);
  });

  // 2. A round of local training, then every two of the models.
  const FedAvg algorithm;
  const Federation federation{*network, algorithm, {}, train, clients, local_, nullptr, seed, 1};
  const Timer timer;
  const Cohort cohort = sample_cohort(clients.size(), drawn, seed, 0);
  const std::vector<LocalModel> models = train_local_models(workers, comm, federation, params, cohort);
  const std::vector<AlignedPair> pairs = align_local_models(workers, comm, *network, models, probe, samples_);
  log_info("{} clients, {} pairs in {}", models.size(), pairs.size(), duration(timer.seconds()));

  // 3. What came out.
  agree(comm, [&] {
    if (!comm.is_root()) return;
    const std::vector<HiddenLayer> layers = hidden_layers(*network);
    for (const LocalModel& model : models)
      fmt::print("client {}: {:.4f} from the global model\n", model.client, model.distance);
    print_shares(layers, pairs);
    const std::string csv = csv_of(table, layers, pairs);
    if (!alignment_.empty()) replace_file(alignment_, std::as_bytes(std::span(csv)));
  });
  return 0;
}

}  // namespace

std::unique_ptr<Command> make_pan_align() { return std::make_unique<PanAlign>(); }

}  // namespace fedscape
