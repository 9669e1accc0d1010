#include "fedscape/algo/federated/fedmmd.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "tests/algo/federated/loss_case.hpp"
#include "tests/algo/federated/rounds.hpp"

namespace fedscape {
namespace {

using test::case_of;
using test::FederationCase;
using test::LossCase;

FedMmd fedmmd(double lambda) {
  FedMmd algorithm;
  algorithm.lambda = lambda;
  return algorithm;
}

using Rows = std::vector<std::vector<double>>;

double squared_distance(const std::vector<double>& a, const std::vector<double>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0, std::plus<>(),
                            [](double x, double y) { return (x - y) * (x - y); });
}

/// The widths of the kernels are those of `fixed`, a constant of the gradient.
double discrepancy(const Rows& x, const Rows& y, const Rows& fixed) {
  Rows all = fixed;
  all.insert(all.end(), y.begin(), y.end());
  double distances = 0, sum = 0;
  for (const auto& a : all)
    for (const auto& b : all) distances += squared_distance(a, b);
  const double total = double(all.size()), width = (distances / (total * total - total) + 1e-8) / 4;
  const auto kernel = [&](const auto& a, const auto& b) {
    double k = 0;
    for (int s = 0; s < 5; ++s) k += std::exp(-squared_distance(a, b) / (width * std::pow(2, s)));
    return k;
  };
  for (std::size_t i = 0; i < x.size(); ++i)
    for (std::size_t j = 0; j < x.size(); ++j)
      sum += kernel(x[i], x[j]) + kernel(y[i], y[j]) - kernel(x[i], y[j]) - kernel(y[i], x[j]);
  return sum / double(x.size() * x.size());
}

template <class Values>
Rows rows_of(const Values& values, std::size_t first, std::size_t n) {
  Rows rows;
  for (std::size_t b = 0; b < n; ++b) rows.emplace_back(&values[first + 5 * b], &values[first + 5 * b] + 5);
  return rows;
}

TEST(FedMmd, WithoutWeightIsFedAvg) { EXPECT_EQ(test::trained(case_of(fedmmd(0))), test::trained(FederationCase())); }

TEST(FedMmd, GradientIsThatOfCrossEntropyAndDiscrepancy) {
  test::expect_loss_and_gradients(fedmmd(0.6), [](const LossCase& call, int m, const auto& logits, const auto& z) {
    const std::size_t n = z.size() / 5, first = static_cast<std::size_t>(m) * 15;
    const Rows y = rows_of(call.other_features[0], first, n), fixed = rows_of(call.features, first, n);
    return test::cross_entropy(call, m, logits, {}, {}) + 0.6 * discrepancy(rows_of(z, 0, n), y, fixed);
  });
}

/// Mean squared distance of the features of all samples in two models.
double apart(const FederationCase& setting, const std::vector<float>& a, const std::vector<float>& b) {
  Stream stream;
  InferencePlan plan(stream, setting.network, 2, static_cast<int>(setting.data.size()));
  std::vector<float> both = a;
  both.insert(both.end(), b.begin(), b.end());
  const Tensor<float> models = to_device(stream, both, {2, setting.network.layout().size()});
  plan.load(stream, models);
  const auto* const samples = static_cast<const float*>(setting.data.samples());
  const View<const float> x(samples, setting.data.shape().under(setting.data.size()).under(1));
  const std::vector<float> seen = to_host(stream, plan.forward(stream, x).features);
  double sum = 0;
  for (std::size_t i = 0; i < seen.size() / 2; ++i)
    sum += std::pow(double(seen[i]) - double(seen[i + seen.size() / 2]), 2) / double(setting.data.size());
  return sum;
}

TEST(FedMmd, KeepsWhatClientsSeeNearer) {
  const auto moved = [](double lambda) {
    FederationCase setting = case_of(fedmmd(lambda));
    setting.local.epochs = 10;
    return apart(setting, setting.initial(), test::Rounds(setting).next({3})[3]);
  };
  EXPECT_LT(moved(3), moved(0));
}

TEST(FedMmd, RefusesWhatMakesNoSense) {
  EXPECT_EQ(test::refusal_of(fedmmd(-1)), "lambda of FedMMD is -1; it must be 0 or more");
}

}  // namespace
}  // namespace fedscape
