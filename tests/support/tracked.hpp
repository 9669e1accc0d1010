#pragma once

#include <cmath>
#include <limits>

namespace fedscape {

/// A value computed in double together with a bound on how far a float computation of it may be off, in whatever order
/// it adds: every operation passes on its operands' errors and adds its own rounding. Inputs are exact.
struct Tracked {
  static constexpr double kUnit = std::numeric_limits<float>::epsilon();  // two roundings: room for a*b+c in any form

  double value = 0;
  double error = 0;

  Tracked() = default;
  Tracked(double exact) : value(exact) {}
  Tracked(double value_in, double error_in) : value(value_in), error(error_in) {}

  static Tracked rounded(double value, double error) { return {value, error + kUnit * std::abs(value)}; }
};

inline Tracked operator+(const Tracked& a, const Tracked& b) {
  return Tracked::rounded(a.value + b.value, a.error + b.error);
}
inline Tracked operator-(const Tracked& a, const Tracked& b) {
  return Tracked::rounded(a.value - b.value, a.error + b.error);
}
inline Tracked operator*(const Tracked& a, const Tracked& b) {
  const double error = std::abs(a.value) * b.error + std::abs(b.value) * a.error + a.error * b.error;
  return Tracked::rounded(a.value * b.value, error);
}
inline Tracked operator/(const Tracked& a, const Tracked& b) {
  const double smallest = std::abs(b.value) - b.error;
  return Tracked::rounded(a.value / b.value, (a.error + std::abs(a.value / b.value) * b.error) / smallest);
}
inline Tracked sqrt(const Tracked& a) {
  return Tracked::rounded(std::sqrt(a.value), a.error / (2 * std::sqrt(a.value - a.error)));
}
/// max(0, a)
inline Tracked relu(const Tracked& a) { return {a.value > 0 ? a.value : 0, a.error}; }

/// A sum of n terms in any order: each partial sum is at most the sum of magnitudes.
class TrackedSum {
 public:
  void add(const Tracked& term) {
    value_ += term.value;
    error_ += term.error;
    magnitude_ += std::abs(term.value);
    ++terms_;
  }
  Tracked total() const { return {value_, error_ + Tracked::kUnit * terms_ * magnitude_}; }

 private:
  double value_ = 0, error_ = 0, magnitude_ = 0;
  double terms_ = 0;
};

}  // namespace fedscape
