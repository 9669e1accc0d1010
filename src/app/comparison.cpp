#include "src/app/comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "fedscape/base/check.hpp"
#include "fedscape/io/hdf5_file.hpp"
#include "fedscape/io/run_history.hpp"

namespace fedscape {

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

std::string text(const Estimate& estimate, const char* sign = "") {
  const std::string mean = fmt::format(fmt::runtime(fmt::format("{{:{}.2f}}", sign)), estimate.mean);
  return std::isnan(estimate.half_width) ? mean : fmt::format("{} +- {:.2f}", mean, estimate.half_width);
}

std::string text(double p) { return std::isnan(p) ? "-" : fmt::format("{:.3g}", p); }

/// Rows of cells as a Markdown table with columns of one width.
std::string markdown(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths(rows[0].size());
  for (const auto& row : rows)
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], row[c].size());
  std::string out;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (std::size_t c = 0; c < widths.size(); ++c) out += fmt::format("| {:<{}} ", rows[r][c], widths[c]);
    out += "|\n";
    if (r > 0) continue;
    for (const std::size_t width : widths) out += fmt::format("| {:-<{}} ", "", width);
    out += "|\n";
  }
  return out;
}

std::size_t column_of(const RunHistory& history, const std::string& name) {
  const auto found = std::find(history.columns.begin(), history.columns.end(), name);
  FEDSCAPE_CHECK(found != history.columns.end(), "a column {} was expected among the metrics", name);
  return static_cast<std::size_t>(found - history.columns.begin());
}

}  // namespace

ComparedRun read_compared_run(const std::filesystem::path& path, std::int64_t last_round) {
  RunHistory history;
  hdf5::read_file(path, [&](const hdf5::Group& root) { history = read_history(root.group("metrics")); });
  const std::size_t test = column_of(history, "test_accuracy"),
                    personal = column_of(history, "personal_client_accuracy"),
                    f1 = column_of(history, "personal_client_f1"), seconds = column_of(history, "seconds");
  ComparedRun run;
  for (std::size_t i = 0; i < history.rounds.size() && history.rounds[i] <= last_round; ++i) {
    run.seconds += history.rows[i][seconds];
    if (std::isnan(history.rows[i][test])) continue;
    run.rounds.push_back(history.rounds[i]);
    run.test.push_back(history.rows[i][test]);
    run.personal.push_back(history.rows[i][personal]);
    run.personal_f1.push_back(history.rows[i][f1]);
  }
  return run;
}

Comparison::Comparison(std::vector<ComparedRun> runs, std::int64_t rounds, std::int64_t last)
    : runs_(std::move(runs)), final_(rounds), last_(last) {
  for (const ComparedRun& run : runs_) {
    if (std::find(labels_.begin(), labels_.end(), run.label) == labels_.end()) labels_.push_back(run.label);
    if (run.diverged) continue;
    if (rounds_.empty()) rounds_ = run.rounds;
    std::erase_if(rounds_, [&](std::int64_t round) {
      return std::find(run.rounds.begin(), run.rounds.end(), round) == run.rounds.end();
    });
    FEDSCAPE_CHECK(!run.rounds.empty() && run.rounds.back() == rounds,
                   "{} of seed {}: an evaluation after round {} was expected, at which the others are compared",
                   run.label, run.seed, rounds);
  }
}

std::string Comparison::csv() const {
  std::string out =
      "label,seed,initial_model,test_last,test_final,test_best,personal_last,personal_final,personal_best,"
      "f1_last,f1_final,f1_best\n";
  for (const ComparedRun& run : runs_) {
    out += fmt::format("{},{},{:016x}", run.label, run.seed, run.initial_model);
    for (const Accuracies accuracies : {&ComparedRun::test, &ComparedRun::personal, &ComparedRun::personal_f1}) {
      const Scores s = scores(run, accuracies);
      for (const double value : {s.last, s.final, s.best}) out += std::isnan(value) ? "," : fmt::format(",{}", value);
    }
    out += "\n";
  }
  return out;
}

std::string Comparison::tables() const {
  std::string out = table("Accuracy on the test set", &ComparedRun::test);
  const auto personal = [&](const std::string& label) { return measured(label, &ComparedRun::personal); };
  if (std::any_of(labels_.begin(), labels_.end(), personal)) {
    out += "\n" + table("Accuracy of the clients' own models on their own test sets", &ComparedRun::personal);
    out += "\n" + table("Macro-F1 of the clients' own models on their own test sets", &ComparedRun::personal_f1);
  }
  return out + "\n" + legend();
}

std::vector<Curve> Comparison::curves() const {
  std::vector<Curve> curves;
  for (const std::string& label : labels_) {
    if (!measured(label, &ComparedRun::test)) continue;
    Curve curve{label, {rounds_.begin(), rounds_.end()}, {}};
    const std::vector<const ComparedRun*> runs = runs_of(label);
    std::vector<std::vector<double>> values;
    for (const ComparedRun* run : runs) values.push_back(in_rounds(*run, &ComparedRun::test));
    for (std::size_t r = 0; r < rounds_.size(); ++r) {
      std::vector<double> seeds;
      for (const std::vector<double>& run : values) seeds.push_back(run[r]);
      curve.y.push_back(estimate(seeds).mean);
      if (seeds.size() < 2) continue;
      curve.low.push_back(*std::min_element(seeds.begin(), seeds.end()));
      curve.high.push_back(*std::max_element(seeds.begin(), seeds.end()));
    }
    curves.push_back(std::move(curve));
  }
  return curves;
}

std::vector<const ComparedRun*> Comparison::runs_of(const std::string& label) const {
  std::vector<const ComparedRun*> runs;
  for (const ComparedRun& run : runs_)
    if (run.label == label) runs.push_back(&run);
  return runs;
}

/// Of the rounds that all have evaluated.
std::vector<double> Comparison::in_rounds(const ComparedRun& run, Accuracies accuracies) const {
  std::vector<double> values;
  for (std::size_t i = 0; i < run.rounds.size(); ++i)
    if (std::binary_search(rounds_.begin(), rounds_.end(), run.rounds[i])) values.push_back((run.*accuracies)[i]);
  return values;
}

Scores Comparison::scores(const ComparedRun& run, Accuracies accuracies) const {
  if (run.diverged) return {kNone, kNone, kNone};
  const std::vector<double> values = in_rounds(run, accuracies);
  const std::int64_t n = std::min<std::int64_t>(last_, std::ssize(values));
  return {std::accumulate(values.end() - n, values.end(), 0.0) / static_cast<double>(n), values.back(),
          *std::max_element(values.begin(), values.end())};
}

std::vector<double> Comparison::scores_of(const std::string& label, Accuracies accuracies,
                                          double Scores::*score) const {
  std::vector<double> values;
  for (const ComparedRun* run : runs_of(label)) values.push_back(scores(*run, accuracies).*score);
  return values;
}

std::int64_t Comparison::diverged(const std::string& label) const {
  const std::vector<const ComparedRun*> runs = runs_of(label);
  return std::count_if(runs.begin(), runs.end(), [](const ComparedRun* run) { return run->diverged; });
}

bool Comparison::measured(const std::string& label, Accuracies accuracies) const {
  return diverged(label) == 0 && !std::isnan(scores(*runs_of(label)[0], accuracies).final);
}

std::optional<PairedTest> Comparison::test(const std::string& label, Accuracies accuracies) const {
  if (label == labels_[0] || !measured(labels_[0], accuracies) || !measured(label, accuracies)) return std::nullopt;
  return paired_test(scores_of(labels_[0], accuracies, &Scores::last), scores_of(label, accuracies, &Scores::last));
}

std::vector<std::string> Comparison::row(const std::string& label, Accuracies accuracies, double adjusted) const {
  std::vector<std::string> row{label};
  for (const auto score : {&Scores::last, &Scores::final, &Scores::best})
    row.push_back(text(estimate(scores_of(label, accuracies, score))));
  const std::optional<PairedTest> test = this->test(label, accuracies);
  row.push_back(test ? text(test->difference, "+") : "-");
  for (const double p : {test ? test->p : kNone, adjusted, test ? test->p_ranks : kNone}) row.push_back(text(p));
  double seconds = 0;
  const std::vector<const ComparedRun*> runs = runs_of(label);
  for (const ComparedRun* run : runs) seconds += run->seconds;
  row.push_back(fmt::format("{:.1f}", seconds / static_cast<double>(runs.size())));
  return row;
}

std::string Comparison::table(const std::string& title, Accuracies accuracies) const {
  const std::string last = fmt::format("last {}", std::min<std::int64_t>(last_, std::ssize(rounds_)));
  std::vector<std::vector<std::string>> rows{
      {"", last, "final", "best", "difference", "p", "p, Holm", "p, ranks", "seconds"}};
  std::vector<double> p;
  for (const std::string& label : labels_) {
    const std::optional<PairedTest> test = this->test(label, accuracies);
    p.push_back(test ? test->p : kNone);
  }
  const std::vector<double> adjusted = holm(p);
  for (std::size_t i = 0; i < labels_.size(); ++i) {
    if (measured(labels_[i], accuracies)) {
      rows.push_back(row(labels_[i], accuracies, adjusted[i]));
    } else if (const std::int64_t runs = diverged(labels_[i]); runs > 0) {
      rows.emplace_back(rows[0].size(), "-");
      rows.back()[0] = labels_[i];
      rows.back()[1] = fmt::format("diverged: {} of {}", runs, runs_of(labels_[i]).size());
    }
  }
  return fmt::format("{}, percent:\n\n{}", title, markdown(rows));
}

std::string Comparison::legend() const {
  const std::vector<const ComparedRun*> runs = runs_of(labels_[0]);
  const std::int64_t n = std::ssize(runs);
  std::string out = fmt::format("Means over {} seed(s), {} to {}", n, runs.front()->seed, runs.back()->seed);
  if (n > 1) out += ", +- half of the 95 % interval (Student's t)";
  out += fmt::format(
      ". last: mean of the last evaluations of a run; final: after round {}; best: the highest, which is chosen on the "
      "test data.\nseconds: training of a run.\n",
      final_);
  if (n == 1 || labels_.size() == 1) return out;
  return out +
         fmt::format(
             "difference: of `last` to {}, seed by seed. p: paired t-test, two-sided; Holm: adjusted for all rows; "
             "ranks: exact signed-rank test, at\nleast {:.3g} with {} seeds.\n",
             labels_[0], std::ldexp(2, -static_cast<int>(n)), n);
}

}  // namespace fedscape
