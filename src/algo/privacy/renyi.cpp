#include "fedscape/algo/privacy/renyi.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "fedscape/base/check.hpp"

namespace fedscape {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// log of a sum of positive terms that are given by their logarithms.
class LogSum {
 public:
  void add(double log_term) {
    if (log_term == -kInfinity) return;
    if (log_term <= largest_) {
      sum_ += std::exp(log_term - largest_);
    } else {
      sum_ = sum_ * std::exp(largest_ - log_term) + 1;
      largest_ = log_term;
    }
  }
  double value() const { return largest_ + std::log(sum_); }

 private:
  double largest_ = -kInfinity, sum_ = 0;
};

/// Expectations under a standard normal are sums over the points of a lattice. The trapezoidal rule is off by
/// e^(-2 pi^2 / kStep^2) for products of a normal density and exponentials; beyond kReach nothing counts in double.
constexpr double kStep = 1.0 / 16, kReach = 9.5;
double log_density(double x) { return std::log(kStep) - 0.5 * (x * x + std::log(2 * std::numbers::pi)); }

/// The orders that other accountants take, so that epsilons compare.
std::vector<double> orders() {
  std::vector<double> orders;
  for (int tenth = 11; tenth < 110; ++tenth) orders.push_back(tenth / 10.0);
  for (int order = 11; order < 64; ++order) orders.push_back(order);
  for (const double order : {128.0, 256.0, 512.0}) orders.push_back(order);
  return orders;
}

/// log(y^a - 1 - a (y - 1)) for y = 1 + rate (e^u - 1): what is left of y^a once its mean is known to be that of y. It
/// is positive, so that a sum over u loses nothing, however near to 1 the mean is.
double log_excess(double u, double a, double rate) {
  const double log_y = u > 30 ? u + std::log(rate + (1 - rate) * std::exp(-u)) : std::log1p(rate * std::expm1(u));
  if (a * log_y > 30) {
    const double log_v = log_y + std::log1p(-std::exp(-log_y));
    return a * log_y + std::log1p(-std::exp(-a * log_y) - a * std::exp(log_v - a * log_y));
  }
  const double v = rate * std::expm1(u);
  if (a * std::abs(v) < 1e-4) return std::log(a * (a - 1) / 2 * v * v * (1 + (a - 2) * v / 3));  // its series
  return std::log(std::expm1(a * log_y) - a * v);
}

/// The point x beyond which f, increasing from below 0 at `from`, is above 0.
template <class F>
double root_above(double from, F&& f) {
  double low = from, high = from + 1;
  while (f(high) < 0) high += high - from;
  for (int i = 0; i < 100 && high - low > 1e-3; ++i) (f((low + high) / 2) < 0 ? low : high) = (low + high) / 2;
  return high;
}

/// log B(l) for an even l, where u = t x - t^2 / 2 with t = 1 / noise and x standard normal. The integrand has a peak
/// on either side of u = 0, which falls at least as fast as a normal density does.
double log_even_moment(int l, double noise) {
  const double t = 1 / noise, centre = t / 2;
  LogSum sum;
  const auto add_side = [&](double side, double peak) {  // peak: its distance from the centre
    const auto last = static_cast<std::int64_t>((peak + kReach) / kStep);
    for (auto k = std::max<std::int64_t>(1, static_cast<std::int64_t>((peak - kReach) / kStep)); k <= last; ++k) {
      const double distance = static_cast<double>(k) * kStep, u = t * distance;
      const double log_size = side > 0 ? u + std::log1p(-std::exp(-u)) : std::log1p(-std::exp(-u));
      sum.add(log_density(centre + side * distance) + l * log_size);
    }
  };
  add_side(1, root_above(0, [&](double d) { return (centre + d) * -std::expm1(-t * d) - l * t; }));
  add_side(-1, root_above(0, [&](double d) { return (d - centre) * std::expm1(t * d) - l * t; }));
  return sum.value();
}

double log_binomial(double n, double k) { return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1); }

/// (alpha - 1) times the divergence of fixed_curve at an integer alpha; moments[i] = log B(2 i).
double fixed_moment(int alpha, double rate, double noise, const std::vector<double>& moments) {
  LogSum sum;
  for (int j = 2; j <= alpha; ++j) {
    const double even =
        std::log(4) + 0.5 * (moments[static_cast<std::size_t>(j / 2)] + moments[static_cast<std::size_t>((j + 1) / 2)]);
    const double plain = std::log(2) + 0.5 * j * (j - 1) / (noise * noise);
    sum.add(log_binomial(alpha, j) + j * std::log(rate) + std::min(even, plain));
  }
  const double value = sum.value();
  return alpha < 2 ? 0 : value > 30 ? value + std::log1p(std::exp(-value)) : std::log1p(std::exp(value));
}

void check(double rate, double noise) {
  FEDSCAPE_CHECK(noise >= 0 && std::isfinite(noise), "noise of {} times the sensitivity", noise);
  FEDSCAPE_CHECK(rate > 0 && rate <= 1, "{} of all participants drawn; above 0 to 1 was expected", rate);
}

}  // namespace

double RenyiCurve::epsilon(double rounds, double delta) const {
  FEDSCAPE_CHECK(delta > 0 && delta < 1 && rounds >= 0, "delta {} after {} rounds", delta, rounds);
  if (rounds == 0) return 0;
  double least = kInfinity;
  for (std::size_t i = 0; i < orders.size(); ++i) {
    const double alpha = orders[i];
    least = std::min(least, rounds * divergences[i] + std::log1p(-1 / alpha) - std::log(delta * alpha) / (alpha - 1));
  }
  return std::max(least, 0.0);
}

RenyiCurve gaussian_curve(double noise) {
  check(1, noise);
  RenyiCurve curve{orders(), {}};
  for (const double alpha : curve.orders) curve.divergences.push_back(alpha / (2 * noise * noise));
  return curve;
}

RenyiCurve poisson_curve(double rate, double noise) {
  check(rate, noise);
  if (rate == 1 || noise == 0) return gaussian_curve(noise);
  RenyiCurve curve{orders(), {}};
  const double t = 1 / noise;
  for (const double alpha : curve.orders) {
    LogSum excess;
    const auto end = static_cast<std::int64_t>((alpha * t + kReach) / kStep);
    for (auto k = -static_cast<std::int64_t>(kReach / kStep); k <= end; ++k) {
      const double x = static_cast<double>(k) * kStep;
      excess.add(log_density(x) + log_excess(t * x - t * t / 2, alpha, rate));
    }
    const double value = excess.value();
    const double log_mean = value > 30 ? value + std::log1p(std::exp(-value)) : std::log1p(std::exp(value));
    curve.divergences.push_back(log_mean / (alpha - 1));
  }
  return curve;
}

RenyiCurve fixed_curve(double rate, double noise) {
  check(rate, noise);
  RenyiCurve curve = gaussian_curve(noise);
  if (rate == 1 || noise == 0) return curve;
  std::vector<double> moments{0};
  for (int l = 2; l <= static_cast<int>(curve.orders.back()) + 1; l += 2) moments.push_back(log_even_moment(l, noise));
  for (std::size_t i = 0; i < curve.orders.size(); ++i) {
    const double alpha = curve.orders[i], below = std::floor(alpha), part = alpha - below;
    double moment = (1 - part) * fixed_moment(static_cast<int>(below), rate, noise, moments);
    if (part > 0) moment += part * fixed_moment(static_cast<int>(below) + 1, rate, noise, moments);
    curve.divergences[i] = std::min(curve.divergences[i], moment / (alpha - 1));
  }
  return curve;
}

}  // namespace fedscape
