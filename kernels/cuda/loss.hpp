#pragma once

#include "kernels/cuda/model_sums.hpp"
#include "kernels/loss.hpp"

/// Bodies of ops/loss.hpp for a Grid.
namespace fedscape::kernels::on_grid {

struct CrossEntropy {
  FEDSCAPE_HOST_DEVICE double operator()(int, const float* z, int label, float scale, float* dz, int C) const {
    return sample_cross_entropy(z, label, scale, dz, C);
  }
};

struct AdjustedCrossEntropy {
  const float *scale, *shift;
  FEDSCAPE_HOST_DEVICE double operator()(int m, const float* z, int label, float factor, float* dz, int C) const {
    const std::int64_t row = std::int64_t{m} * C;
    return sample_adjusted_cross_entropy(z, label, scale ? scale + row : nullptr, shift ? shift + row : nullptr, factor,
                                         dz, C);
  }
};

struct SquaredError {
  FEDSCAPE_HOST_DEVICE double operator()(int, const float* z, int label, float scale, float* dz, int C) const {
    return sample_squared_error(z, label, scale, dz, C);
  }
};

/// The loss of a model over its samples, and the gradient of each.
template <class Sample>
struct ModelLoss {
  int B, C;
  const float* logits;
  const std::int32_t* labels;
  float *loss, *dlogits;
  double terms_per_sample;
  Sample sample;
  FEDSCAPE_HOST_DEVICE double terms(int n) const { return (n > 0 ? n : 1) * terms_per_sample; }
  FEDSCAPE_HOST_DEVICE double operator()(int m, int n, int b) const {
    const std::int64_t at = std::int64_t{m} * B + b;
    return sample(m, logits + at * C, labels[at], static_cast<float>(1 / terms(n)), dlogits + at * C, C);
  }
  FEDSCAPE_HOST_DEVICE void finish(int m, int n, double sum) const { loss[m] = static_cast<float>(sum / terms(n)); }
};

struct SoftCrossEntropy {
  int B, C;
  double weight;
  const float *logits, *targets;
  float *loss, *dlogits;
  FEDSCAPE_HOST_DEVICE double operator()(int m, int n, int b) const {
    const std::int64_t at = (std::int64_t{m} * B + b) * C;
    return sample_soft_cross_entropy(logits + at, targets + at, weight / n, dlogits + at, C);
  }
  FEDSCAPE_HOST_DEVICE void finish(int m, int n, double sum) const {
    if (n > 0) loss[m] += static_cast<float>(weight * sum / n);
  }
};

/// One thread per sample.
struct SampleSoftmax {
  double temperature;
  const float* logits;
  float* p;
  int C;
  FEDSCAPE_HOST_DEVICE void operator()(int, std::int64_t at, std::int64_t) const {
    sample_softmax(logits + at * C, temperature, p + at * C, C);
  }
};

/// One thread per sample.
struct SampleScore {
  const float* logits;
  const std::int32_t* labels;
  bool labels_shared;
  ops::Score* samples;
  int C;
  FEDSCAPE_HOST_DEVICE void operator()(int, std::int64_t at, std::int64_t b) const {
    samples[at] = sample_score(logits + at * C, labels[labels_shared ? b : at], C);
  }
};

/// One thread per sample.
struct SampleClass {
  const float* logits;
  std::int32_t* classes;
  int C;
  FEDSCAPE_HOST_DEVICE void operator()(int, std::int64_t at, std::int64_t) const {
    classes[at] = sample_class(logits + at * C, C);
  }
};

/// One thread per model, which adds its samples in their order.
struct AddScores {
  const int* counts;
  int B;
  const ops::Score* samples;
  ops::Score* scores;
  FEDSCAPE_HOST_DEVICE void operator()(int, std::int64_t m) const {
    ops::Score total;
    for (int b = 0; b < counts[m]; ++b) accumulate(samples[m * B + b], total);
    accumulate(total, scores[m]);
  }
};

template <class Grid>
void softmax_cross_entropy(const Grid& grid, const Batch& batch, const float* logits, const std::int32_t* labels,
                           float* loss, float* dlogits, int C) {
  model_sums(grid, batch, ModelLoss<CrossEntropy>{batch.size, C, logits, labels, loss, dlogits, 1, {}});
}

template <class Grid>
void adjusted_cross_entropy(const Grid& grid, const Batch& batch, const float* logits, const std::int32_t* labels,
                            const float* scale, const float* shift, float* loss, float* dlogits, int C) {
  model_sums(grid, batch,
             ModelLoss<AdjustedCrossEntropy>{batch.size, C, logits, labels, loss, dlogits, 1, {scale, shift}});
}

template <class Grid>
void squared_error(const Grid& grid, const Batch& batch, const float* logits, const std::int32_t* labels, float* loss,
                   float* dlogits, int C) {
  model_sums(grid, batch,
             ModelLoss<SquaredError>{batch.size, C, logits, labels, loss, dlogits, static_cast<double>(C), {}});
}

template <class Grid>
void soft_cross_entropy(const Grid& grid, const Batch& batch, double weight, const float* logits, const float* targets,
                        float* loss, float* dlogits, int C) {
  model_sums(grid, batch, SoftCrossEntropy{batch.size, C, weight, logits, targets, loss, dlogits});
}

template <class Grid>
void softmax(const Grid& grid, const Batch& batch, double temperature, const float* logits, float* p, int C) {
  each_element(grid, batch, 1, SampleSoftmax{temperature, logits, p, C});
}

template <class Grid>
void add_scores(const Grid& grid, const Batch& batch, const float* logits, const std::int32_t* labels,
                bool labels_shared, ops::Score* scores, int C) {
  const ArenaScope scope(grid.stream());
  const View<const int> counts = upload_counts(grid, batch);
  const Tensor<ops::Score> samples(grid.stream(), {batch.models, batch.size});
  each_element(grid, batch, 1, SampleScore{logits, labels, labels_shared, samples.data(), C});
  grid.threads(batch.models, 1, AddScores{counts.data, batch.size, samples.data(), scores});
}

template <class Grid>
void predict(const Grid& grid, const Batch& batch, const float* logits, std::int32_t* classes, int C) {
  each_element(grid, batch, 1, SampleClass{logits, classes, C});
}

}  // namespace fedscape::kernels::on_grid
