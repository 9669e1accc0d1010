#pragma once

#include <cstdint>
#include <vector>

namespace fedscape {

/// How a classifier fares with each class [C]: samples of it that are taken for it, all that are taken for it, all
/// that are of it.
struct ClassCounts {
  explicit ClassCounts(int classes);
  /// `taken_for`: -1 for a sample that is taken for none.
  void add(std::int32_t label, std::int32_t taken_for);

  std::vector<std::int64_t> right, predicted, labelled;
};

/// Macro-F1 in percent: the mean of F1_c = 2 right_c / (predicted_c + labelled_c) over the classes that occur among
/// labels or predictions (scikit-learn's f1_score with average='macro'). NaN where none does.
double macro_f1(const ClassCounts& counts);

}  // namespace fedscape
