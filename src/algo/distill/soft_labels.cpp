#include "fedscape/algo/distill/soft_labels.hpp"

#include <algorithm>
#include <cmath>

#include "fedscape/base/at.hpp"
#include "fedscape/base/check.hpp"

namespace fedscape {

namespace {

constexpr double kTiny = 1e-8, kLeastMass = 1e-6, kSharpness = 4;

/// work(row) for each row of C numbers.
template <class T, class Work>
void each_row(std::span<T> rows, std::int64_t classes, Work&& work) {
  FEDSCAPE_CHECK(classes > 0 && rows.size() % at(classes) == 0, "{} numbers in rows of {}", rows.size(), classes);
  for (std::size_t i = 0; i < rows.size(); i += at(classes)) work(rows.subspan(i, at(classes)));
}

double norm_of(std::span<const double> v) {
  double sum = 0;
  for (const double x : v) sum += x * x;
  return std::sqrt(sum);
}

/// Divides v by its norm, but for a little.
void normalise(std::span<double> v) {
  const double norm = norm_of(v) + kTiny;
  for (double& x : v) x /= norm;
}

/// Prototypes [C,F] of the classes on the unit sphere; `mass` [C] becomes the sums of the labels.
std::vector<double> prototypes(std::span<const float> labels, std::span<const float> features, std::int64_t classes,
                               std::vector<double>& mass) {
  const std::size_t C = at(classes), N = labels.size() / C, F = features.size() / N;
  std::vector<double> prototypes(C * F);
  mass.assign(C, 0.0);
  for (std::size_t i = 0; i < N; ++i)
    for (std::size_t c = 0; c < C; ++c) {
      const auto q = static_cast<double>(labels[i * C + c]);
      mass[c] += q;
      double* const own = &prototypes[c * F];
      const float* const h = &features[i * F];
      for (std::size_t f = 0; f < F; ++f) own[f] += q * static_cast<double>(h[f]);
    }
  for (std::size_t c = 0; c < C; ++c) {
    const std::span<double> own = std::span(prototypes).subspan(c * F, F);
    for (double& x : own) x /= mass[c] + kTiny;
    normalise(own);
  }
  return prototypes;
}

}  // namespace

void rectify(std::span<float> logits, std::int64_t classes, std::int64_t batch) {
  const std::size_t run = batch > 0 ? at(batch * classes) : logits.size();
  for (std::size_t begin = 0; begin < logits.size(); begin += run) {
    const std::span<float> own = logits.subspan(begin, std::min(run, logits.size() - begin));
    const auto n = static_cast<double>(own.size());
    double mean = 0, squares = 0;
    for (const float z : own) mean += static_cast<double>(z) / n;
    for (const float z : own) squares += (static_cast<double>(z) - mean) * (static_cast<double>(z) - mean);
    const double scale = std::sqrt(squares / std::max(n - 1, 1.0)) + kTiny;
    for (float& z : own) z = static_cast<float>(static_cast<double>(z) / scale);
  }
}

void centre_rows(std::span<float> rows, std::int64_t classes) {
  each_row(rows, classes, [](std::span<float> row) {
    double sum = 0;
    for (const float z : row) sum += static_cast<double>(z);
    const double mean = sum / static_cast<double>(row.size());
    for (float& z : row) z = static_cast<float>(static_cast<double>(z) - mean);
  });
}

void softmax_rows(std::span<float> rows, std::int64_t classes) {
  std::vector<double> e(at(classes));
  each_row(rows, classes, [&](std::span<float> row) {
    const auto peak = static_cast<double>(*std::max_element(row.begin(), row.end()));
    double sum = 0;
    for (std::size_t c = 0; c < row.size(); ++c) sum += e[c] = std::exp(static_cast<double>(row[c]) - peak);
    for (std::size_t c = 0; c < row.size(); ++c) row[c] = static_cast<float>(e[c] / sum);
  });
}

void entropy_of_rows(std::span<const float> rows, std::int64_t classes, std::span<float> entropies) {
  FEDSCAPE_CHECK(rows.size() == entropies.size() * at(classes), "{} entropies for {} numbers in rows of {}",
                 entropies.size(), rows.size(), classes);
  std::size_t i = 0;
  each_row(rows, classes, [&](std::span<const float> row) {
    double sum = 0;
    for (const float p : row) sum -= static_cast<double>(p) * std::log(static_cast<double>(p) + kTiny);
    entropies[i++] = static_cast<float>(sum);
  });
}

void sharpen_rows(std::span<float> rows, std::int64_t classes, double power) {
  each_row(rows, classes, [&](std::span<float> row) {
    // Of what is at most 1, so that no power of it overflows.
    const double peak = static_cast<double>(*std::max_element(row.begin(), row.end())) + kTiny;
    double sum = 0;
    for (float& q : row) {
      const double sharp = std::pow((static_cast<double>(q) + kTiny) / peak, power);
      sum += sharp;
      q = static_cast<float>(sharp);
    }
    for (float& q : row) q = static_cast<float>(static_cast<double>(q) / sum);
  });
}

void refine_labels(std::span<float> labels, std::int64_t classes, std::span<const float> features) {
  const std::size_t C = at(classes), N = labels.size() / C, F = N > 0 ? features.size() / N : 0;
  FEDSCAPE_CHECK(N * C == labels.size() && N * F == features.size() && F > 0, "{} labels of {} classes, {} features",
                 labels.size(), C, features.size());
  std::vector<double> mass, unit(F), e(C);
  const std::vector<double> proto = prototypes(labels, features, classes, mass);
  FEDSCAPE_CHECK(std::any_of(mass.begin(), mass.end(), [](double m) { return m > kLeastMass; }),
                 "label refinery: no class has labels that sum to more than {}", kLeastMass);
  for (std::size_t i = 0; i < N; ++i) {
    std::copy_n(&features[i * F], F, unit.begin());
    normalise(unit);
    double nearest = HUGE_VAL, sum = 0;
    for (std::size_t c = 0; c < C; ++c) {
      double d = 0;
      for (std::size_t f = 0; f < F; ++f) d += (unit[f] - proto[c * F + f]) * (unit[f] - proto[c * F + f]);
      e[c] = mass[c] > kLeastMass ? d : HUGE_VAL;
      nearest = std::min(nearest, e[c]);
    }
    for (double& d : e) sum += d = std::exp(kSharpness * (nearest - d));
    for (std::size_t c = 0; c < C; ++c) labels[i * C + c] = static_cast<float>(e[c] / sum);
  }
}

double label_accuracy(std::span<const float> rows, std::span<const std::int32_t> labels) {
  FEDSCAPE_CHECK(!labels.empty() && rows.size() % labels.size() == 0, "{} numbers for {} labels", rows.size(),
                 labels.size());
  std::size_t i = 0, correct = 0;
  each_row(rows, static_cast<std::int64_t>(rows.size() / labels.size()), [&](std::span<const float> row) {
    correct += std::max_element(row.begin(), row.end()) - row.begin() == labels[i++];
  });
  return 100.0 * static_cast<double>(correct) / static_cast<double>(labels.size());
}

}  // namespace fedscape
