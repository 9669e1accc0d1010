#include <fmt/format.h>

#include <algorithm>

#include "fedscape/algo/federated/catalog.hpp"
#include "fedscape/app/stop.hpp"
#include "fedscape/base/log.hpp"
#include "fedscape/io/atomic_file.hpp"
#include "fedscape/io/hdf5_file.hpp"
#include "src/app/checks.hpp"
#include "src/app/commands.hpp"
#include "src/app/comparison.hpp"
#include "src/app/fl_training.hpp"
#include "src/app/fl_variants.hpp"

namespace fedscape {

namespace {

constexpr std::int64_t kMostSeeds = 1000;

/// Runs of several algorithms with the same seeds: each is a run of its own, with a run file of its own, so that what
/// was finished or begun before is not trained again.
class FlCompare : public Command {
 public:
  void options(OptionTable& table) override {
    table.group("Comparison");
    table.field("algorithms", entries_,
                "[LABEL=]NAME[:OPTION=VALUE]..., by commas, first the reference; empty: --algorithm");
    table.field("seeds", seeds_, "runs of each: with seed, seed + 1, ...");
    table.field("last", last_, "evaluations at the end of a run whose mean accuracy is compared");
    table.field("output", output_, "folder for compare.csv, .md and .png, and LABEL-seedN.h5 of every run");
    table.leave_out({"output"});
    options_.list(table);
  }
  void check(OptionTable& table) override;
  int run(Communicator& world, const OptionTable& table) override;

 private:
  struct Done {
    std::uint64_t initial_model;
    bool diverged;
  };
  std::string path(const std::string& name) const { return output_ + "/" + name; }
  void check_runs(FlSession& session) const;
  void estimate(FlSession& session) const;
  bool train(FlSession& session, const OptionTable& table);
  Comparison compare(std::size_t runs) const;
  void write(const Comparison& comparison, const OptionTable& table) const;
  void show(const Comparison& comparison) const;

  std::string entries_, output_ = "out/compare";
  std::int64_t seeds_ = 5, last_ = 5;
  FlOptions options_;  // what the variants share
  std::vector<Variant> variants_;
  std::vector<VariantRun> runs_;  // all variants of a seed before the next one
  std::vector<Done> done_;        // those that are finished
};

void FlCompare::check(OptionTable& table) {
  FEDSCAPE_CHECK(seeds_ >= 1 && seeds_ <= kMostSeeds, "seeds: 1 to {} were expected, not {}", kMostSeeds, seeds_);
  check_at_least("last", last_, 1);
  FEDSCAPE_CHECK(!output_.empty(), "output: the name of a folder was expected, not an empty one");
  check_options(options_.data, table);
  if (entries_.empty()) entries_ = options_.algorithm;
  variants_ = parse_variants(entries_);
  for (const AlgorithmEntry& entry : algorithms()) {
    const auto runs = [&](const Variant& variant) { return variant.algorithm == entry.name; };
    if (std::any_of(variants_.begin(), variants_.end(), runs)) continue;
    const std::string where = table.set_under(entry.name);
    FEDSCAPE_CHECK(where.empty(), "{}: this option is for {}, which is not among the algorithms {}", where, entry.name,
                   entries_);
    table.hide_under(entry.name);
  }
  for (std::int64_t seed = options_.seed; seed < options_.seed + seeds_; ++seed)
    for (const Variant& variant : variants_)
      runs_.push_back(make_run(variant, table, seed, path(fmt::format("{}-seed{}.h5", variant.label, seed))));
}

int FlCompare::run(Communicator& world, const OptionTable& table) {
  log_info("fl compare on {} rank(s):\n{}", world.size(), table.text());

  // 1. This rank's part of the machine, and the data.
  FlSession session(world, options_);

  // 2. Whatever would be refused later is refused now.
  check_runs(session);
  if (options_.dry_run) return estimate(session), 0;

  // 3. The runs, and what they amount to after every seed.
  const bool finished = train(session, table);
  if (const std::optional<ProfileTable> profile = session.profiling.finish()) log_info("{}", profile_text(*profile));
  if (!finished) return kExitStopped;

  // 4. The table, and a picture.
  agree(world, [&] {
    if (world.is_root()) show(compare(runs_.size()));
  });
  return 0;
}

/// Every variant can be made ready, and what lies in the folder is of the same runs.
void FlCompare::check_runs(FlSession& session) const {
  for (std::size_t v = 0; v < variants_.size(); ++v) FlTraining(session, *runs_[v].options, runs_[v].info);
  agree(session.comm, [&] {
    if (!session.comm.is_root() || options_.fresh) return;
    for (const VariantRun& run : runs_) {
      RunInfo info = run.info;
      info.data_hash = session.data_hash();
      if (std::filesystem::exists(run.options->output))
        hdf5::read_file(run.options->output, [&](const hdf5::Group& root) { check_same_run(root, info); });
    }
  });
}

void FlCompare::estimate(FlSession& session) const {
  for (std::size_t v = 0; v < variants_.size(); ++v) {
    if (session.comm.is_root()) fmt::print("{}, each of {} runs:\n", variants_[v].text, seeds_);
    FlTraining(session, *runs_[v].options, runs_[v].info).estimate();
  }
}

/// False if it was asked to stop before the last run was finished.
bool FlCompare::train(FlSession& session, const OptionTable& table) {
  Communicator& comm = session.comm;
  for (const VariantRun& run : runs_) {
    if (comm.max(std::int64_t{stop_requested()}) > 0) return false;
    log_info("run {} of {}: {}, seed {}", done_.size() + 1, runs_.size(), run.label, run.options->seed);
    FlTraining training(session, *run.options, run.info);
    done_.push_back({training.initial_hash(), false});
    try {
      if (!training.train()) return false;
    } catch (const DivergedError& error) {
      log_warning("{}, seed {} diverged: {}", run.label, run.options->seed, error.what());
      done_.back().diverged = true;
    }
    agree(comm, [&] {
      if (comm.is_root() && done_.size() % variants_.size() == 0) write(compare(done_.size()), table);
    });
  }
  return true;
}

/// The first so many runs, which are all of some seeds.
Comparison FlCompare::compare(std::size_t runs) const {
  std::vector<ComparedRun> compared;
  for (std::size_t v = 0; v < variants_.size(); ++v)
    for (std::size_t i = v; i < runs; i += variants_.size()) {
      ComparedRun run;
      if (!done_[i].diverged) run = read_compared_run(runs_[i].options->output, options_.rounds);
      run.label = runs_[i].label;
      run.seed = runs_[i].options->seed;
      run.initial_model = done_[i].initial_model;
      run.diverged = done_[i].diverged;
      compared.push_back(std::move(run));
    }
  return Comparison(std::move(compared), options_.rounds, last_);
}

void FlCompare::write(const Comparison& comparison, const OptionTable& table) const {
  const std::string csv = comparison.csv();
  replace_file(path("compare.csv"), std::as_bytes(std::span(csv)));
  std::string text = fmt::format("    fedscape fl compare {}\n\n{}\n", table.arguments(), comparison.tables());
  for (const Variant& variant : variants_)
    if (variant.label != variant.text) text += fmt::format("{}: `{}`\n\n", variant.label, variant.text);
  text += fmt::format("{}; all options:\n\n", build_text());
  for (const auto& [name, value] : table.description()) text += fmt::format("    {} = {}\n", name, value);
  replace_file(path("compare.md"), std::as_bytes(std::span(text)));
}

void FlCompare::show(const Comparison& comparison) const {
  fmt::print("{}", comparison.tables());
  const std::vector<Curve> curves = comparison.curves();
  if (curves.empty()) return;  // all have diverged
  const std::string title = seeds_ > 1 ? fmt::format("mean of {} seeds, from the lowest to the highest", seeds_) : "";
  const std::string wrong =
      try_gnuplot(path("compare.gp"), curves_script(title, "round", "test accuracy (%)", "", curves, "compare.png"));
  if (!wrong.empty()) log_warning("{}", wrong);
  log_info("{}", path("compare.md"));
}

}  // namespace

std::unique_ptr<Command> make_fl_compare() { return std::make_unique<FlCompare>(); }

}  // namespace fedscape
