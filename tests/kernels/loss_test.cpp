#include "kernels/cuda/loss.hpp"

#include "tests/kernels/bodies.hpp"

namespace fedscape {
namespace {

constexpr int kClasses = 7, kBatchSize = kernels::kThreads + 4;
constexpr double kRoundings = 1e-6;  // sums in double of another order, rounded to float once

class LossOnGrid : public testing::Test {
 protected:
  /// Loss and gradient; the latter does not depend on what is behind it.
  template <class Call>
  std::vector<float> written(Call&& call) {
    std::vector<float> loss(test::kModels, 0.5f), dlogits = start;
    call(loss.data(), dlogits.data());
    return test::joined(loss, dlogits);
  }

  Stream stream;
  std::vector<int> counts = cases::ragged(test::kModels, kBatchSize);
  Batch batch{test::kModels, kBatchSize, counts};
  std::int64_t samples = std::int64_t{test::kModels} * kBatchSize;
  std::vector<float> logits = test::random_floats(samples * kClasses, 1, -4, 4);
  std::vector<float> start = test::random_floats(samples * kClasses, 2);
  std::vector<std::int32_t> labels = test::some_labels(samples, kClasses);
};

TEST_F(LossOnGrid, CrossEntropiesAgree) {
  FEDSCAPE_BODIES(stream, softmax_cross_entropy)
      .expect_same(
          [&](auto body) {
            return written(
                [&](float* loss, float* dz) { body(batch, logits.data(), labels.data(), loss, dz, kClasses); });
          },
          kRoundings);
  const std::vector<float> scale = test::random_floats(test::kModels * kClasses, 3), shift = scale;
  for (const float* by : {scale.data(), static_cast<const float*>(nullptr)})
    for (const float* to : {shift.data(), static_cast<const float*>(nullptr)})
      FEDSCAPE_BODIES(stream, adjusted_cross_entropy)
          .expect_same(
              [&](auto body) {
                return written([&](float* loss, float* dz) {
                  body(batch, logits.data(), labels.data(), by, to, loss, dz, kClasses);
                });
              },
              kRoundings);
}

TEST_F(LossOnGrid, SquaredErrorsAndSoftLabelsAgree) {
  FEDSCAPE_BODIES(stream, squared_error)
      .expect_same(
          [&](auto body) {
            return written(
                [&](float* loss, float* dz) { body(batch, logits.data(), labels.data(), loss, dz, kClasses); });
          },
          kRoundings);
  const std::vector<float> targets = test::random_floats(samples * kClasses, 4, 0, 1);
  FEDSCAPE_BODIES(stream, soft_cross_entropy)
      .expect_same(
          [&](auto body) {
            return written(
                [&](float* loss, float* dz) { body(batch, 0.3, logits.data(), targets.data(), loss, dz, kClasses); });
          },
          kRoundings);
}

TEST_F(LossOnGrid, ProbabilitiesAndClassesHaveTheSameBits) {
  FEDSCAPE_BODIES(stream, softmax).expect_same([&](auto body) {
    std::vector<float> p = start;
    body(batch, 2.0, logits.data(), p.data(), kClasses);
    return p;
  });
  FEDSCAPE_BODIES(stream, predict).expect_same([&](auto body) {
    std::vector<std::int32_t> classes(static_cast<std::size_t>(samples), 77);
    body(batch, logits.data(), classes.data(), kClasses);
    return classes;
  });
}

TEST_F(LossOnGrid, ScoresHaveTheSameBits) {
  for (const bool shared : {false, true})
    FEDSCAPE_BODIES(stream, add_scores).expect_same([&](auto body) {
      std::vector<ops::Score> scores(test::kModels);
      body(batch, logits.data(), labels.data(), shared, scores.data(), kClasses);
      std::vector<double> values;
      for (const ops::Score& s : scores)
        values.insert(values.end(), {s.loss, s.squared, s.margin, s.confidence, static_cast<double>(s.correct),
                                     static_cast<double>(s.correct5), static_cast<double>(s.count)});
      return values;
    });
}

}  // namespace
}  // namespace fedscape
