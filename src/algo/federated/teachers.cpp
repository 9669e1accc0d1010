#include "fedscape/algo/federated/teachers.hpp"

#include <memory>
#include <mutex>
#include <numeric>
#include <string>

#include "fedscape/algo/exact_sum.hpp"
#include "fedscape/base/at.hpp"
#include "fedscape/ops/exact_sum.hpp"
#include "fedscape/ops/reduce.hpp"

namespace fedscape {

namespace {

/// Sums of lessons in fixed point, to which threads add.
class LessonSum {
 public:
  using Teach = std::function<void(Predictions&, Lesson&)>;

  LessonSum(const ServerStep& step, const Teachers& teachers, const Teach& teach)
      : step_(step),
        teach_(teach),
        features_(teachers.features),
        factor_weight_(1 / static_cast<double>(teachers.count(step))),
        N_(step.server_data->size()),
        labels_(N_ * step.network.classes()),
        seats_(at(step.workers.size())),
        totals_(step.stream, {labels_ + N_}) {
    ops::fill(step.stream, std::int64_t{0}, totals_.view());
  }

  /// The lessons of `count` teachers, by all threads; model(stream, i) [1,P] is one of them.
  template <class Model, class Weight, class Name>
  void add(std::size_t count, const Model& model, const Weight& weight, const Name& name) {
    step_.workers.run(static_cast<std::int64_t>(count), [&](Stream& stream, int worker, std::int64_t task) {
      Seat& seat = seats_[at(worker)];
      if (!seat.predictor) seat.predictor = std::make_unique<Predictor>(stream, step_.network);
      const ArenaScope scope(stream);
      const auto i = static_cast<std::size_t>(task);
      seat.predictor->run(stream, model(stream, i), *step_.server_data, features_, seat.seen);
      seat.lesson.factors.clear();
      teach_(seat.seen, seat.lesson);
      const bool finite = add(stream, weight(i), seat.lesson.labels, 0) &&
                          (seat.lesson.factors.empty() || add(stream, factor_weight_, seat.lesson.factors, labels_));
      FEDSCAPE_CHECK(finite, "what the model of {} makes of the server data is not finite, or beyond 2^18", name(i));
    });
  }
  void over_ranks() { step_.sum.over_ranks(totals_); }
  Lesson result() {
    const Tensor<float> values(step_.stream, totals_.shape());
    ops::exact_value(step_.stream, totals_.view(), values);
    Lesson lesson{to_host(step_.stream, values.view()), {}};
    lesson.factors.assign(lesson.labels.begin() + labels_, lesson.labels.end());
    lesson.labels.resize(at(labels_));
    return lesson;
  }

 private:
  /// What a thread holds.
  struct Seat {
    std::unique_ptr<Predictor> predictor;
    Predictions seen;
    Lesson lesson;
  };

  bool add(Stream& stream, double weight, const std::vector<float>& row, std::int64_t begin) {
    const auto n = static_cast<std::int64_t>(row.size());
    const Tensor<float> values = to_device(stream, row, {1, n});
    const std::lock_guard lock(mutex_);
    const bool finite = ops::exact_sum(stream, {&weight, 1}, values, {totals_.data() + begin, {n}}) < 0;
    stream.synchronize();
    return finite;
  }

  const ServerStep& step_;
  const Teach& teach_;
  bool features_;
  double factor_weight_;
  std::int64_t N_, labels_;
  std::vector<Seat> seats_;
  Tensor<std::int64_t> totals_;
  std::mutex mutex_;
};

}  // namespace

std::int64_t Teachers::count(const ServerStep& step) const {
  return static_cast<std::int64_t>(step.cohort.weights.size() + common.size());
}

Predictions predict_global(const ServerStep& step, bool features) {
  Predictions seen;
  Predictor(step.stream, step.network).run(step.stream, step.global, *step.server_data, features, seen);
  return seen;
}

Lesson sum_over_teachers(const ServerStep& step, const Teachers& teachers,
                         const std::function<void(Predictions&, Lesson&)>& teach) {
  LessonSum sum(step, teachers, teach);
  const std::int64_t P = step.network.layout().size();
  const std::span<const double> weights = step.cohort.weights;  // with poisson cohorts they need not add up to 1
  const double clients_weight = (1 - teachers.common_weight) / std::accumulate(weights.begin(), weights.end(), 0.0);
  const auto client = [&](Stream& stream, std::size_t i) {
    const auto row = static_cast<std::int64_t>(i);
    const Tensor<float> model(stream, {1, P});  // lives as long as the caller's scope
    ops::axpby(stream, 1, teachers.received, 0, model);
    ops::axpby(stream, 1, step.local_uploads.rows(row, row + 1), 1, model);
    return View<const float>(model);
  };
  step.sum.run([&] {
    sum.add(
        step.local_ids.size(), client, [&](std::size_t i) { return clients_weight * step.local_weights[i]; },
        [&](std::size_t i) { return "client " + std::to_string(step.local_ids[i]); });
  });
  sum.over_ranks();
  const double share = teachers.common_weight / static_cast<double>(std::max<std::size_t>(teachers.common.size(), 1));
  step.sum.run([&] {
    sum.add(
        teachers.common.size(), [&](Stream&, std::size_t i) { return teachers.common[i]; },
        [&](std::size_t) { return share; }, [](std::size_t) { return std::string("the server"); });
  });
  return sum.result();
}

}  // namespace fedscape
