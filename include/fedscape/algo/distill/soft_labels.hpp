#pragma once

#include <cstdint>
#include <span>
#include <vector>

/// Soft labels of N samples, one row [C] each, and what logits of teachers are made of them. All arrays are in host
/// memory; sums are taken in double in the order of the samples, so that every rank comes to the same bits.
namespace fedscape {

/// Divides the logits [N,C] of each run of `batch` samples (0: of all) by s + 1e-8, where s is the standard deviation,
/// over n - 1, of the run's n logits: scale-free logits ("rectified distillation" of MrTF). A single logit has s = 0.
void rectify(std::span<float> logits, std::int64_t classes, std::int64_t batch);

/// Subtracts from each row its mean, which softmax does not see: sums over teachers stay near 0 whatever their logits.
void centre_rows(std::span<float> rows, std::int64_t classes);

/// Each row z becomes softmax(z).
void softmax_rows(std::span<float> rows, std::int64_t classes);

/// entropies[i] = -sum over c of p ln(p + 1e-8) of row i. rows [N,C], entropies [N].
void entropy_of_rows(std::span<const float> rows, std::int64_t classes, std::span<float> entropies);

/// Each row q becomes (q + 1e-8)^power / sum over c of (q + 1e-8)^power: what a student learns from.
void sharpen_rows(std::span<float> rows, std::int64_t classes, double power);

/// Clustered label refinery of MrTF. With the features h [N,F] and the labels q [N,C] (rows need not sum to 1),
///     m_c = sum over i of q_ic,  proto_c = sum over i of q_ic h_i / (m_c + 1e-8),  d_ic = |u(h_i) - u(proto_c)|^2,
///     u(v) = v / (|v| + 1e-8),   q_i <- softmax over c of -4 d_ic;
/// a class with m_c <= 1e-6 is left out: its probability becomes 0. An Error if all are.
void refine_labels(std::span<float> labels, std::int64_t classes, std::span<const float> features);

/// Percent of the samples whose label has the largest value of its row; ties go to the lower class.
double label_accuracy(std::span<const float> rows, std::span<const std::int32_t> labels);

}  // namespace fedscape
