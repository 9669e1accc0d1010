#pragma once

#include <span>
#include <vector>

/// What a comparison over few seeds may claim. NaN: not defined, as with one value, or differences that are all equal.
namespace fedscape {

/// Mean of a sample and half the width of its 95 % interval, t(n-1, 0.975) s / sqrt(n) (Student, Biometrika 1908).
struct Estimate {
  double mean, half_width;
};
Estimate estimate(std::span<const double> values);

/// Two samples, value by value of the same seed; differences are taken to 1e-9.
struct PairedTest {
  Estimate difference;  // of the second less the first
  double t, p;          // paired t-test, two-sided
  double p_ranks;       // signed_rank_test of the differences
};
PairedTest paired_test(std::span<const double> first, std::span<const double> second);

/// Exact p of the signed-rank test (Wilcoxon, Biometrics Bulletin 1945), two-sided: over all signs of the differences,
/// how many give a rank sum as far from its middle. Zeros are left out, equal sizes share the mean of their ranks. With
/// n differences it is at least 2 / 2^n.
double signed_rank_test(std::span<const double> differences);

/// p adjusted for their number (Holm, Scandinavian Journal of Statistics 1979): the i-th smallest of m times m - i + 1,
/// no less than those before, at most 1. Those that are NaN stay so and do not count.
std::vector<double> holm(std::span<const double> p);

}  // namespace fedscape
