#pragma once

#include "fedscape/algo/distill/distil.hpp"
#include "fedscape/algo/federated/server_step.hpp"

namespace fedscape {

/// Refining the global model on server data, which FedDF and MrTF share: when, how, and what becomes of it.
struct RefinementOptions {
  std::int64_t every = 1;
  bool feed_back = false;
  DistilOptions distil;
  void options(Fields& f);
  void check(std::string_view whose) const;
  /// After rounds every, 2 every, ... that anybody took part in: whatever the planned rounds, so that a run may be
  /// prolonged.
  bool due(const ServerStep& step) const { return (step.round + 1) % every == 0 && !step.cohort.weights.empty(); }
};

/// Percentages of server samples whose class is right, after rounds that refine: of the mean model before (GLO), of the
/// teachers' labels (ENS), of the refined student (REF). The first three figures of an algorithm that refines. What the
/// labels of the server data say goes into these alone.
std::vector<Figure> refinement_figures();

/// Distils `labels` [N,C] into a copy of step.global, takes the figures, and puts the student in the global model's
/// place if feed_back says so. `taught` [N,C]: the labels whose accuracy is ENS; `before`: logits [N,C] of step.global.
/// The order of the samples is addressed by step.key, dropout by its client 2^32 - 1, which no client is. Collective.
void refine_global(const ServerStep& step, const RefinementOptions& options, std::span<const float> labels,
                   std::span<const float> taught, std::span<const float> before);

}  // namespace fedscape
