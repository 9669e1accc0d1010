#include "fedscape/algo/exact_sum.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "fedscape/tensor/tensor.hpp"

namespace fedscape {

namespace {

double largest(std::span<const float> row, std::int64_t t) {
  double peak = 0;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const double x = static_cast<double>(row[i]);
    FEDSCAPE_CHECK(std::isfinite(x), "element {} of term {} of an exact sum is {}", i, t, x);
    peak = std::max(peak, std::abs(x));
  }
  return peak;
}

void sum_over_ranks(Stream& stream, Communicator& comm, std::vector<std::int64_t>& values) {
  const Tensor<std::int64_t> shared = to_device(stream, values, {static_cast<std::int64_t>(values.size())});
  comm.sum(stream, shared);
  values = to_host(stream, shared.view());
}

}  // namespace

void ExactSum::operator()(View<const float> terms, std::span<double> sums) {
  const std::int64_t n = static_cast<std::int64_t>(sums.size());
  const std::int64_t mine = terms.empty() ? 0 : terms.shape[0];
  FEDSCAPE_CHECK(mine == 0 || terms.shape.size() == mine * n, "terms {} for {} sums", terms.shape.text(), n);
  std::vector<float> row(sums.size());
  const auto load = [&](std::int64_t t) {
    copy_to_host(stream_, row.data(), terms.data + t * n, row.size() * sizeof(float));
  };
  double peak = 0;
  agree(comm_, [&] {
    for (std::int64_t t = 0; t < mine; ++t) load(t), peak = std::max(peak, largest(row, t));
  });
  peak = comm_.max(peak);
  std::vector<std::int64_t> count = {mine};
  sum_over_ranks(stream_, comm_, count);

  // |sum * 2^digits| <= count * peak * 2^digits < 2^62, whatever the ranks: the scale depends on the terms alone.
  int above = 0;
  std::frexp(peak * static_cast<double>(count[0]), &above);
  const int digits = 61 - above;
  std::vector<std::int64_t> totals(sums.size(), 0);
  for (std::int64_t t = 0; t < mine; ++t) {
    load(t);
    for (std::size_t i = 0; i < row.size(); ++i)
      totals[i] += std::llrint(std::ldexp(static_cast<double>(row[i]), digits));
  }
  sum_over_ranks(stream_, comm_, totals);
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i] = std::ldexp(static_cast<double>(totals[i]), -digits);
}

}  // namespace fedscape
