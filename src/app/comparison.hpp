#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "src/app/gnuplot.hpp"
#include "src/app/significance.hpp"

namespace fedscape {

/// Accuracies of a finished run in percent, of the rounds that it evaluated; of the clients' own models the means over
/// clients of accuracy and macro-F1, NaN where clients have none.
struct ComparedRun {
  std::string label;
  std::int64_t seed = 0;
  std::uint64_t initial_model = 0;  // hash of the model that training started from
  std::vector<std::int64_t> rounds;
  std::vector<double> test, personal, personal_f1;
  double seconds = 0;     // of training, without evaluation
  bool diverged = false;  // and so has no accuracies
};
/// From a run file, up to a round; label, seed and hash are left to the caller.
ComparedRun read_compared_run(const std::filesystem::path& path, std::int64_t last_round);

/// What is told of a run: mean of the last evaluations; the last; the highest, which is chosen on the test set.
struct Scores {
  double last, final, best;
};

/// Runs with several labels, each with the same seeds in the same order. Compared in the rounds that all have
/// evaluated, of which the last must be `rounds`. A label of which a run diverged is told of as such, and not compared.
class Comparison {
 public:
  /// `last`: over how many evaluations the mean is taken that is compared; fewer where there are fewer.
  Comparison(std::vector<ComparedRun> runs, std::int64_t rounds, std::int64_t last);

  /// A line for each run: its seed, the hash of its initial model, Scores of all accuracies.
  std::string csv() const;
  /// Markdown: of each accuracy, a row for each label with mean and 95 % interval of the Scores, and the difference
  /// of `last` to the first label's, seed by seed, with its tests.
  std::string tables() const;
  /// Mean test accuracy over the rounds, a curve for each label in a band from the lowest to the highest seed.
  std::vector<Curve> curves() const;

 private:
  using Accuracies = std::vector<double> ComparedRun::*;
  std::vector<const ComparedRun*> runs_of(const std::string& label) const;
  std::vector<double> in_rounds(const ComparedRun& run, Accuracies accuracies) const;
  Scores scores(const ComparedRun& run, Accuracies accuracies) const;
  std::vector<double> scores_of(const std::string& label, Accuracies accuracies, double Scores::*score) const;
  std::int64_t diverged(const std::string& label) const;  // runs
  bool measured(const std::string& label, Accuracies accuracies) const;
  std::optional<PairedTest> test(const std::string& label, Accuracies accuracies) const;  // none for the first label
  std::vector<std::string> row(const std::string& label, Accuracies accuracies, double adjusted) const;
  std::string table(const std::string& title, Accuracies accuracies) const;
  std::string legend() const;

  std::vector<ComparedRun> runs_;
  std::vector<std::string> labels_;
  std::vector<std::int64_t> rounds_;  // that all have evaluated
  std::int64_t final_, last_;
};

}  // namespace fedscape
