#include "fedscape/algo/evaluate.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "fedscape/app/machine.hpp"
#include "fedscape/app/progress.hpp"
#include "fedscape/base/log.hpp"
#include "fedscape/io/atomic_file.hpp"
#include "fedscape/io/model_file.hpp"
#include "src/app/checks.hpp"
#include "src/app/commands.hpp"
#include "src/app/inputs.hpp"
#include "src/app/model_source.hpp"
#include "src/app/profiling.hpp"

namespace fedscape {

namespace {

class Evaluate : public Command {
 public:
  void options(OptionTable& table) override {
    table.group("Evaluation");
    table.field("model", model_, "run file or safetensors file; a run file also gives network and data");
    table.field("split", split_, "test or train");
    table.field("precision", precision_, kPrecisionText);
    table.field("output", output_, "JSON file for metrics and options; empty: none");
    table.positional({"model"});
    table.add("Data", data_);
    table.add("Network", network_, "network");
    table.add("Machine", machine_);
  }
  void check(OptionTable& table) override {
    FEDSCAPE_CHECK(split_ == "test" || split_ == "train", "split: test or train was expected, not '{}'", split_);
    parse_precision(precision_);
    machine_.check();
    table.assume(model_options(model_), model_);
    check_options(data_, table);
  }
  int run(Communicator& comm, const OptionTable& table) override;

 private:
  std::string model_, split_ = "test", precision_ = "float32", output_;
  DataOptions data_;
  NetworkOptions network_;
  MachineOptions machine_;
};

/// The names are those of run files, see io/profile.hpp.
nlohmann::ordered_json json_of(const ProfileTable& table) {
  nlohmann::ordered_json json;
  json["ranks"] = table.ranks;
  json["threads"] = table.threads;
  json["wall_seconds"] = table.wall_seconds;
  json["peak_flops"] = table.peaks.flops;
  json["peak_bytes"] = table.peaks.bytes;
  for (const ProfileTable::Row& row : table.rows)
    json["rows"].push_back({{"phase", row.phase},
                            {"kind", row.kind},
                            {"calls", row.calls},
                            {"seconds", row.seconds},
                            {"flops", row.cost.flops},
                            {"bytes", row.cost.bytes}});
  return json;
}

int Evaluate::run(Communicator& world, const OptionTable& table) {
  log_info("evaluate on {} rank(s):\n{}", world.size(), table.text());
  // 1. The machine, the data, the model.
  Machine machine;
  agree(world, [&] { machine = pick_machine(machine_, world); });
  Workers workers(machine.device, machine.threads, machine.tuning.get());
  Profiling profiling(machine_.profile, workers, world);
  Communicator& comm = profiling.comm();
  const Dataset data = in_phase(workers.stream(), Phase::io, "data", [&] {
    return load_shared(comm, data_, split_ == "test" ? Split::test : Split::train);
  });
  std::optional<Network> network;
  std::vector<float> host;
  agree(comm, [&] {
    network.emplace(build_network(network_, data.shape(), data.classes()));
    host = read_model(model_, network->layout());
  });
  const Tensor<float> params = to_device(workers.stream(), host, {static_cast<std::int64_t>(host.size())});

  // 2. Its metrics, chunks of samples shared over ranks and threads.
  Timer timer;
  const Metrics metrics = evaluate_sharded(workers, comm, *network, params, data, parse_precision(precision_));
  log_info("{} samples in {}", metrics.count, duration(timer.seconds()));

  const std::optional<ProfileTable> profile = profiling.finish();
  if (profile) log_info("{}", profile_text(*profile));

  // 3. What came out.
  agree(comm, [&] {
    if (!comm.is_root()) return;
    nlohmann::ordered_json report;
    fmt::print("samples     {}\ncorrect     {}\n", metrics.count, metrics.correct);
    for (const std::string_view name : metric_names()) {
      fmt::print("{:<11} {:.10g}\n", name, metric(metrics, name));
      report["metrics"][std::string(name)] = metric(metrics, name);
    }
    report["metrics"]["samples"] = metrics.count;
    report["metrics"]["correct"] = metrics.correct;
    for (const auto& [name, value] : table.description()) report["options"][name] = value;
    if (profile) report["profile"] = json_of(*profile);
    const std::string text = report.dump(2) + "\n";
    if (!output_.empty()) replace_file(output_, std::as_bytes(std::span(text)));
  });
  return 0;
}

}  // namespace

std::unique_ptr<Command> make_evaluate() { return std::make_unique<Evaluate>(); }

}  // namespace fedscape
