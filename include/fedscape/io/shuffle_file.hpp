#pragma once

#include <filesystem>
#include <vector>

#include "fedscape/algo/alignment/shuffle.hpp"
#include "fedscape/io/run_info.hpp"

namespace fedscape {

/// What a shuffle test found. As a file:
///
/// | object            | shape, type   | content
/// | ----------------- | ------------- | -------
/// | / @format         | text          | "fedscape shuffle 1"
/// | / @accuracy, loss | f64           | of the model as it is, percent and nats
/// | ratio             | [r] f64       | how far neurons moved
/// | probability       | [p] f64       | how likely each moved
/// | accuracy          | [r,p,k] f64   | of the shuffled models, percent; k repeats
/// | loss              | [r,p,k] f64   | mean cross-entropy in nats
/// | logit_difference  | [r,p,k] f64   | relative, see ShuffleResult
///
/// and what run_info.hpp lists. Beside it lies a .csv with a line for every shuffled model.
struct ShuffleTable {
  std::vector<double> ratios, probabilities;
  std::int64_t repeats = 0;
  std::vector<ShuffleResult> results;  // as shuffle_test gives them

  const ShuffleResult& at(std::size_t ratio, std::size_t probability, std::size_t repeat) const {
    return results[(ratio * probabilities.size() + probability) * static_cast<std::size_t>(repeats) + repeat];
  }
  const ShuffleResult& unshuffled() const { return results.back(); }
  /// Mean accuracy over the repeats.
  double accuracy(std::size_t ratio, std::size_t probability) const;
};

/// Replaces both files.
void write_shuffle_table(const std::filesystem::path& path, const RunInfo& info, const ShuffleTable& table);
bool is_shuffle_table(const hdf5::Group& root);
/// Every check that a file of unknown origin needs.
ShuffleTable read_shuffle_table(const hdf5::Group& root);

}  // namespace fedscape
