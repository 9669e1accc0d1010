#include "fedscape/io/run_file.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "fedscape/base/check.hpp"
#include "fedscape/base/peak_memory.hpp"
#include "fedscape/base/timer.hpp"
#include "fedscape/io/atomic_file.hpp"
#include "fedscape/io/hdf5_file.hpp"
#include "fedscape/io/model_file.hpp"
#include "src/io/row_buffer.hpp"
#include "src/io/run_log.hpp"

namespace fedscape {
namespace {

constexpr const char* kFormat = "fedscape run 1";
constexpr std::size_t kMostWaiting = 1 << 20;  // values of a group that wait for the next save
constexpr std::array kStatistics{"mean", "deviation", "norm", "same_sign_initial", "same_sign_previous"};

/// Keeps the rows of a group's datasets that belong to the first `round` rounds, by its dataset "round".
void cut_back(hdf5::Group& group, std::int64_t round) {
  const std::vector<std::int64_t> rounds = group.dataset("round").read<std::int64_t>(1LL << 32);
  const auto keep = std::find_if(rounds.begin(), rounds.end(), [&](std::int64_t r) { return r > round; });
  if (keep == rounds.end()) return;
  for (const std::string& name : group.names()) {
    hdf5::Dataset dataset = group.dataset(name);
    if (dataset.shape().rank() > 0 && dataset.shape()[0] == static_cast<std::int64_t>(rounds.size()) &&
        name != "layer" && name != "group")
      dataset.truncate(keep - rounds.begin());
  }
}

template <class T>
void broadcast(Communicator& comm, std::vector<T>& values) {
  comm.broadcast(std::as_writable_bytes(std::span(values)), 0);
}

void add_statistics(RowBuffer& rows, std::int64_t at, const std::vector<SlotStatistics>& slots,
                    const SignConsistency& signs) {
  const std::array members{&SlotStatistics::mean, &SlotStatistics::deviation, &SlotStatistics::norm,
                           &SlotStatistics::same_sign_initial, &SlotStatistics::same_sign_previous};
  rows.add<std::int64_t>("round", std::array{at});
  for (std::size_t s = 0; s < kStatistics.size(); ++s) {
    std::vector<float> row;
    for (const SlotStatistics& slot : slots) row.push_back(slot.*members[s]);
    rows.add<float>(kStatistics[s], row);
  }
  rows.add<float>("sign_consistency", signs);
}

}  // namespace

/// Rank 0 alone holds a file and a log.
struct RunFile::Impl {
  std::filesystem::path path;
  RunInfo info;
  const ParamLayout& layout;
  Communicator& comm;
  std::int64_t round = 0;
  bool resumed = false;  // known to rank 0
  Signs initial;
  std::vector<float> previous;  // [P] global model of the last row of weights
  Timer since_save;
  std::optional<hdf5::File> file;
  std::optional<RunLog> log;
  std::vector<std::string> columns;
  RowBuffer metrics, aliases, weights, clients;  // what the file does not hold yet

  void create();
  void reopen();
  void describe();
  void make_columns(const Row& row);
  void make_statistics(hdf5::Group& group);
  void append_aliases(const std::vector<double>& row);
  void flush();
  void write(Stream& stream, const Server& server, std::int64_t peak);
};

void RunFile::Impl::create() {
  std::error_code ignored;  // AtomicFile reports what matters
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), ignored);
  const AtomicFile writable(path);  // now, rather than when the first round is done
  file = hdf5::File::create(path);
  file->set_text("format", kFormat);
  file->set_integer("round", 0);
  file->make_rows<double>("rs_test_acc").set_text("unit", "1");
  file->make_rows<double>("rs_train_loss").set_text("unit", "nat");
  describe();
}

/// What a later process may change is written each time.
void RunFile::Impl::describe() {
  write_info(*file, info);
  file->set_integer("ranks", comm.size());
}

void RunFile::Impl::reopen() {
  file = hdf5::File::open(path);
  FEDSCAPE_CHECK(file->has_attribute("format") && file->text("format") == kFormat,
                 "{}: a run file of format \"{}\" expected, found another", path.string(), kFormat);
  check_same_run(*file, info);
  round = file->integer("round");
  FEDSCAPE_CHECK(round >= 0, "{}: completed rounds expected, found {}", path.string(), round);
  resumed = true;
  for (const char* name : {"metrics", "weights", "client_weights"}) {
    if (!file->has_group(name)) continue;
    hdf5::Group group = file->group(name);
    cut_back(group, round);
  }
  describe();
  RunHistory history;
  if (file->has_group("metrics")) history = read_history(file->group("metrics"));
  columns = history.columns;
  for (const char* name : {"rs_test_acc", "rs_train_loss"}) file->dataset(name).truncate(0);
  for (const std::vector<double>& row : history.rows) append_aliases(row);
  aliases.flush(*file);
  log.emplace(path);
  if (!columns.empty()) log->restart(history);
}

void RunFile::Impl::append_aliases(const std::vector<double>& row) {
  const auto value = [&](const char* name) {
    const auto at = std::find(columns.begin(), columns.end(), name) - columns.begin();
    return at < std::ssize(columns) ? row[static_cast<std::size_t>(at)] : std::nan("");
  };
  const double accuracy = value("test_accuracy") / 100, loss = value("train_loss");
  if (!std::isnan(accuracy)) aliases.add<double>("rs_test_acc", std::array{accuracy});
  if (!std::isnan(loss)) aliases.add<double>("rs_train_loss", std::array{loss});
}

void RunFile::Impl::make_columns(const Row& row) {
  hdf5::Group group = file->make_group("metrics");
  group.make_rows<std::int64_t>("round").set_text("unit", "1");
  RunHistory history;
  for (const Cell& cell : row) {
    group.make_rows<double>(cell.name).set_text("unit", cell.unit);
    history.columns.push_back(cell.name);
  }
  group.set_text("columns", fmt::format("{}", fmt::join(history.columns, "\n")));
  columns = history.columns;
  if (!log) log.emplace(path);
  log->restart(history);
}

void RunFile::Impl::make_statistics(hdf5::Group& group) {
  std::vector<std::string> names;
  for (const ParamSlot& slot : layout.slots()) names.push_back(slot.name);
  group.write_text("layer", names);
  group.make_rows<std::int64_t>("round").set_text("unit", "1");
  for (const char* name : kStatistics) group.make_rows<float>(name, {std::ssize(names)}).set_text("unit", "1");
  group.write_text("group", std::vector<std::string>(kSignGroups.begin(), kSignGroups.end()));
  group.make_rows<float>("sign_consistency", {std::ssize(kSignGroups)}).set_text("unit", "1");
}

/// Everything of the rounds so far is in the file then.
void RunFile::Impl::flush() {
  aliases.flush(*file);
  if (file->has_group("metrics")) metrics.flush(file->group("metrics"));
  if (file->has_group("weights")) weights.flush(file->group("weights"));
  if (file->has_group("client_weights")) clients.flush(file->group("client_weights"));
}

void RunFile::Impl::write(Stream& stream, const Server& server, std::int64_t peak) {
  hdf5::Group model = file->make_group("model");
  write_state_dict(model, to_state_dict(layout, to_host(stream, server.global.view())));
  const auto put = [&]<class T>(const char* name, const std::vector<T>& values) {
    if (file->has_dataset(name))
      file->dataset(name).overwrite<T>(values);
    else
      file->write<T>(name, {std::ssize(values)}, values);
  };
  put("server_memory", to_host(stream, server.memory.view()));
  flush();
  file->set_integer("round", server.round);
  file->set_integer("peak_memory", peak);
  file->save();
}

RunFile::RunFile(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RunFile::RunFile(RunFile&&) noexcept = default;
RunFile::~RunFile() = default;

RunFile RunFile::open(const std::filesystem::path& path, const RunInfo& info, const ParamLayout& layout,
                      Communicator& comm) {
  std::unique_ptr<Impl> impl(new Impl{.path = path, .info = info, .layout = layout, .comm = comm});
  agree(comm, [&] {
    if (comm.is_root()) std::filesystem::exists(path) ? impl->reopen() : impl->create();
  });
  comm.broadcast(std::as_writable_bytes(std::span(&impl->round, 1)), 0);
  return RunFile(std::move(impl));
}

std::int64_t RunFile::round() const { return impl_->round; }
const Signs& RunFile::initial_signs() const { return impl_->initial; }

Server RunFile::restore_or(Stream& stream, Server server) {
  Impl& run = *impl_;
  std::vector<float> global = to_host(stream, server.global.view()), memory = to_host(stream, server.memory.view());
  run.initial = signs_of(global);
  agree(run.comm, [&] {
    if (!run.comm.is_root()) return;
    if (!run.resumed) {
      run.file->write<std::uint8_t>("initial_signs", {std::ssize(run.initial)}, run.initial);
      return;
    }
    global = from_state_dict(run.layout, read_state_dict(run.file->group("model")), run.path.string());
    const auto restore = [&]<class T>(const char* name, std::vector<T>& values) {
      const hdf5::Dataset dataset = run.file->dataset(name);
      FEDSCAPE_CHECK(dataset.shape() == Shape{std::ssize(values)}, "{}: {} values expected, found {}", dataset.where(),
                     values.size(), dataset.shape().text());
      values = dataset.read<T>(std::ssize(values));
    };
    restore("server_memory", memory);
    restore("initial_signs", run.initial);
  });
  broadcast(run.comm, global);
  broadcast(run.comm, memory);
  broadcast(run.comm, run.initial);
  if (run.comm.is_root()) run.previous = global;
  copy_to_device(stream, server.global.data(), global.data(), global.size() * sizeof(float));
  copy_to_device(stream, server.memory.data(), memory.data(), memory.size() * sizeof(float));
  server.round = run.round;
  return server;
}

void RunFile::append(std::int64_t round, const Row& row) {
  Impl& run = *impl_;
  if (!run.comm.is_root()) return;
  if (run.columns.empty()) run.make_columns(row);
  std::vector<double> values;
  for (std::size_t i = 0; i < row.size(); ++i) {
    FEDSCAPE_CHECK(row.size() == run.columns.size() && row[i].name == run.columns[i],
                   "{}: a column {} in round {} that the rounds before do not have", run.path.string(), row[i].name,
                   round);
    run.metrics.add<double>(row[i].name, std::array{row[i].value});
    values.push_back(row[i].value);
  }
  run.metrics.add<std::int64_t>("round", std::array{round});
  run.append_aliases(values);
  run.log->append(round, values);
}

void RunFile::append_weights(Stream& stream, const Server& server) {
  Impl& run = *impl_;
  if (!run.comm.is_root()) return;
  const std::vector<float> global = to_host(stream, server.global.view());
  if (!run.file->has_group("weights")) {
    hdf5::Group group = run.file->make_group("weights");
    run.make_statistics(group);
  }
  add_statistics(run.weights, server.round, weight_statistics(run.layout, global, run.initial, run.previous),
                 sign_consistency(run.layout, global, run.previous));
  run.previous = global;
}

void RunFile::append_clients(std::int64_t round, const std::vector<ClientStatistics>& clients) {
  Impl& run = *impl_;
  if (!run.comm.is_root()) return;
  if (!run.file->has_group("client_weights")) {
    hdf5::Group group = run.file->make_group("client_weights");
    run.make_statistics(group);
    group.make_rows<std::int64_t>("client").set_text("unit", "1");
  }
  for (const ClientStatistics& client : clients) {
    run.clients.add<std::int64_t>("client", std::array{std::int64_t{client.client}});
    add_statistics(run.clients, round, client.slots, client.signs);
  }
  if (run.clients.size() > kMostWaiting) run.clients.flush(run.file->group("client_weights"));
}

bool RunFile::due(double save_seconds) {
  std::byte due{impl_->since_save.seconds() >= save_seconds};
  impl_->comm.broadcast(std::span(&due, 1), 0);
  return due != std::byte{0};
}

void RunFile::save(Stream& stream, const Server& server) {
  Impl& run = *impl_;
  // Collective, too, so that every rank's client memory is on disk before the file that names its round.
  const std::int64_t peak = run.comm.max(peak_memory());
  agree(run.comm, [&] {
    if (run.comm.is_root()) run.write(stream, server, peak);
  });
  run.since_save.restart();
}

void RunFile::save_profile(const ProfileTable& table) {
  agree(impl_->comm, [&] {
    if (!impl_->comm.is_root()) return;
    write_profile(*impl_->file, table);
    impl_->file->save();
  });
}

}  // namespace fedscape
