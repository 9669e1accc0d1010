#include <fmt/format.h>

#include <optional>

#include "fedscape/app/machine.hpp"
#include "fedscape/app/progress.hpp"
#include "fedscape/base/log.hpp"
#include "fedscape/io/load_dataset.hpp"
#include "fedscape/io/model_file.hpp"
#include "fedscape/io/shuffle_file.hpp"
#include "fedscape/nn/zoo.hpp"
#include "src/app/checks.hpp"
#include "src/app/commands.hpp"
#include "src/app/model_source.hpp"

namespace fedscape {

namespace {

class PanShuffle : public Command {
 public:
  void options(OptionTable& table) override {
    table.group("Shuffle test");
    table.field("model", model_, "run file or safetensors file; a run file also gives network and data");
    table.field("split", split_, "test or train");
    table.field("output", output_, "HDF5 file; beside it a .csv with a line for every shuffled model");
    table.field("seed", seed_, "of the permutations");
    test_.options(table);
    table.positional({"model"});
    table.add("Data", data_);
    table.add("Network", network_, "network");
    table.add("Machine", machine_);
  }
  void check(OptionTable& table) override {
    FEDSCAPE_CHECK(split_ == "test" || split_ == "train", "split: test or train was expected, not '{}'", split_);
    FEDSCAPE_CHECK(!output_.empty(), "output: the name of a file was expected, not an empty one");
    check_at_least("seed", seed_, 0);
    test_.check();
    machine_.check();
    table.assume(model_options(model_), model_);
    check_options(data_, table);
  }
  int run(Communicator& comm, const OptionTable& table) override;

 private:
  std::string model_, split_ = "test", output_ = "out/shuffle.h5";
  std::int64_t seed_ = 1;
  ShuffleTestOptions test_;
  DataOptions data_;
  NetworkOptions network_;
  MachineOptions machine_;
};

/// Mean accuracies, a line for each ratio and a column for each probability.
void print_table(const ShuffleTable& table) {
  fmt::print("as it is: accuracy {:.2f} %, loss {:.4f}\naccuracy by ratio (lines) and probability (columns)\n{:>8}",
             table.unshuffled().accuracy, table.unshuffled().loss, "");
  for (const double probability : table.probabilities) fmt::print(" {:>6}", probability);
  for (std::size_t r = 0; r < table.ratios.size(); ++r) {
    fmt::print("\n{:>8}", table.ratios[r]);
    for (std::size_t p = 0; p < table.probabilities.size(); ++p) fmt::print(" {:6.2f}", table.accuracy(r, p));
  }
  fmt::print("\n");
}

int PanShuffle::run(Communicator& comm, const OptionTable& table) {
  log_info("pan shuffle on {} rank(s):\n{}", comm.size(), table.text());
  // 1. The machine, the data, the model.
  Machine machine;
  agree(comm, [&] { machine = pick_machine(machine_, comm); });
  Workers workers(machine.device, machine.threads, machine.tuning.get());
  const Dataset data = load_shared(comm, data_, split_ == "test" ? Split::test : Split::train);
  std::optional<Network> network;
  std::vector<float> params;
  agree(comm, [&] {
    network.emplace(build_network(network_, data.shape(), data.classes()));
    params = read_model(model_, network->layout());
  });

  // 2. Shuffled models, shared over ranks and threads.
  const Timer timer;
  ShuffleTable found{test_.ratio_values(), test_.probability_values(), test_.repeats, {}};
  found.results = shuffle_test(workers, comm, *network, params, data, test_, static_cast<std::uint64_t>(seed_));
  log_info("{} models on {} samples in {}", found.results.size(), data.size(), duration(timer.seconds()));

  // 3. What came out.
  agree(comm, [&] {
    if (!comm.is_root()) return;
    RunInfo info;
    info.command = "pan shuffle";
    info.options = table.description();
    info.seed = static_cast<std::uint64_t>(seed_);
    info.data_hash = data.hash();
    info.device = machine.text();
    info.build = build_text();
    write_shuffle_table(output_, info, found);
    print_table(found);
  });
  return 0;
}

}  // namespace

std::unique_ptr<Command> make_pan_shuffle() { return std::make_unique<PanShuffle>(); }

}  // namespace fedscape
