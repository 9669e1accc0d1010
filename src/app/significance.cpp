#include "src/app/significance.hpp"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>

#include "fedscape/base/check.hpp"

namespace fedscape {

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr double kResolution = 1e-9;  // or 82.3 - 81.2 and 71.3 - 70.2 would not be the same

/// s / sqrt(n), of two values or more.
double standard_error(std::span<const double> values, double mean) {
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const double n = static_cast<double>(values.size());
  return std::sqrt(squares / (n - 1) / n);
}

/// Twice the rank of each change by its size, so that shared ranks are whole numbers, too.
std::vector<std::size_t> double_ranks(std::span<const double> changes) {
  std::vector<std::size_t> ranks;
  for (const double change : changes) {
    std::size_t rank = 1;
    for (const double other : changes)
      rank += std::abs(other) < std::abs(change) ? 2 : std::abs(other) == std::abs(change) ? 1 : 0;
    ranks.push_back(rank);
  }
  return ranks;
}

}  // namespace

Estimate estimate(std::span<const double> values) {
  FEDSCAPE_CHECK(!values.empty(), "one value or more was expected");
  const double n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  if (values.size() == 1) return {mean, kNone};
  return {mean, boost::math::quantile(boost::math::students_t(n - 1), 0.975) * standard_error(values, mean)};
}

PairedTest paired_test(std::span<const double> first, std::span<const double> second) {
  FEDSCAPE_CHECK(first.size() == second.size(), "{} pairs of values were expected, not {} and {}", first.size(),
                 first.size(), second.size());
  std::vector<double> differences;
  for (std::size_t i = 0; i < first.size(); ++i)
    differences.push_back(std::round((second[i] - first[i]) / kResolution) * kResolution);
  const Estimate difference = estimate(differences);
  PairedTest test{difference, kNone, kNone, signed_rank_test(differences)};
  const auto [least, most] = std::minmax_element(differences.begin(), differences.end());
  if (*least == *most) return test;
  test.t = difference.mean / standard_error(differences, difference.mean);
  const boost::math::students_t distribution(static_cast<double>(differences.size()) - 1);
  test.p = 2 * boost::math::cdf(boost::math::complement(distribution, std::abs(test.t)));
  return test;
}

double signed_rank_test(std::span<const double> differences) {
  std::vector<double> changes;
  std::copy_if(differences.begin(), differences.end(), std::back_inserter(changes), [](double d) { return d != 0; });
  if (differences.size() < 2 || changes.empty()) return kNone;
  const std::vector<std::size_t> ranks = double_ranks(changes);
  const std::size_t total = std::accumulate(ranks.begin(), ranks.end(), std::size_t{0});

  // probability[s]: that the differences of positive sign have a rank sum of s, if each sign is a coin's.
  std::vector<double> probability(total + 1, 0.0);
  probability[0] = 1;
  for (const std::size_t rank : ranks)
    for (std::size_t sum = total + 1; sum-- > 0;)
      probability[sum] = 0.5 * (probability[sum] + (sum >= rank ? probability[sum - rank] : 0));

  std::size_t positive = 0;
  for (std::size_t i = 0; i < ranks.size(); ++i) positive += changes[i] > 0 ? ranks[i] : 0;
  const std::size_t lower = std::min(positive, total - positive);
  double p = 0;
  for (std::size_t sum = 0; sum <= lower; ++sum) p += 2 * probability[sum];
  return std::min(p, 1.0);
}

std::vector<double> holm(std::span<const double> p) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < p.size(); ++i)
    if (!std::isnan(p[i])) order.push_back(i);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
  std::vector<double> adjusted(p.begin(), p.end());
  double largest = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    largest = std::max(largest, std::min(1.0, static_cast<double>(order.size() - i) * p[order[i]]));
    adjusted[order[i]] = largest;
  }
  return adjusted;
}

}  // namespace fedscape
