#pragma once

#include <functional>
#include <span>
#include <vector>

#include "fedscape/algo/distill/predictor.hpp"
#include "fedscape/algo/federated/server_step.hpp"

namespace fedscape {

/// The T teachers of a round: the clients' models, which stay where they were trained, and models that every rank has.
struct Teachers {
  View<const float> received;             // [1,P] from which the clients' uploads are differences
  std::vector<View<const float>> common;  // [1,P] each
  double common_weight = 0;  // w_t of all of `common` together, in [0,1], in equal parts; the clients share
                             // the rest by their weights of aggregation
  bool features = false;     // teaching goes by features, too
  std::int64_t count(const ServerStep&) const;  // T
};

/// What the global model makes of the server data, the same on every rank.
Predictions predict_global(const ServerStep& step, bool features);

/// What one teacher says of the N server samples, and what is summed up over all of them.
struct Lesson {
  std::vector<float> labels;   // [N,C]
  std::vector<float> factors;  // [N], or empty: per sample, to normalise the sum of labels by
};

/// labels = sum over teachers of w_t * labels_t, factors = sum of factors_t / T, where teach() makes a teacher's lesson
/// of what its model makes of step.server_data; it is called by several threads at once. Each rank evaluates the models
/// of its own clients and the common ones; the sums are exact, so the bits do not depend on who holds which client, and
/// no more than one lesson a thread is held. Collective; an Error names the client whose lesson is not finite or beyond
/// 2^18.
Lesson sum_over_teachers(const ServerStep& step, const Teachers& teachers,
                         const std::function<void(Predictions&, Lesson&)>& teach);

}  // namespace fedscape
