#pragma once

#include <limits>
#include <span>
#include <string_view>

#include "fedscape/algo/federated/step.hpp"
#include "fedscape/device/workers.hpp"

namespace fedscape {

/// A number that a server reports of a round; NaN: it has not measured it in this one.
struct Figure {
  std::string_view name, unit;  // of a column of the run file
  double value = std::numeric_limits<double>::quiet_NaN();
};

class ExactSum;  // algo/exact_sum.hpp

/// What the server sees at the end of a round. Every rank runs it; mean, memory and global are identical on all.
struct ServerStep {
  Workers& workers;  // of this rank; idle
  Stream& stream;    // that of the calling thread
  const Network& network;
  std::int64_t round;
  RngKey key;              // purpose `server`, this round
  View<const float> mean;  // [1,Q] weighted mean upload of the cohort
  View<const float>
      local_uploads;  // [n_r,Q] those this rank holds, if the footprint asks for them; never gathered whole
  std::span<const ClientId> local_ids;    // [n_r] whose they are
  std::span<const double> local_weights;  // [n_r] their weights, which sum to 1 over all ranks
  const Dataset* server_data;             // unlabelled server data, if the footprint asks for it
  CohortWork cohort;                      // of all ranks
  double train_loss;                      // mean over the local steps of this round
  ExactSum& sum;                          // order-free sum over ranks: per-sample teachers, statistics
  View<float> memory;                     // [1,V]
  View<float> global;                     // [1,P] in: last round's model, out: the next one
  double participation;                   // distinct clients of the cohort / number of clients
  std::span<Figure> figures;              // what figures() announced, to be filled in
};

}  // namespace fedscape
