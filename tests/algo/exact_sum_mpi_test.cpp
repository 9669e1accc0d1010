#include "fedscape/algo/exact_sum.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "fedscape/base/rng.hpp"
#include "tests/comm/mpi_test.hpp"

namespace fedscape {
namespace {

constexpr std::int64_t kTerms = 12, kWidth = 5;

std::vector<float> some_terms() {
  std::vector<float> terms(kTerms * kWidth);
  fill_normal({3}, 0, 1000, terms);
  terms[7] = 1e-6f, terms[8] = 1e7f;
  return terms;
}

/// The terms dealt to the ranks in turn.
std::vector<double> summed(Communicator& comm, const std::vector<float>& terms) {
  std::vector<float> mine;
  for (std::int64_t t = comm.rank(); t < kTerms; t += comm.size())
    mine.insert(mine.end(), terms.begin() + t * kWidth, terms.begin() + (t + 1) * kWidth);
  Stream stream;
  std::vector<double> sums(kWidth);
  const std::int64_t count = static_cast<std::int64_t>(mine.size()) / kWidth;
  ExactSum(stream, comm)(View<const float>(mine.data(), {count, kWidth}), sums);
  return sums;
}

TEST(ExactSum, HasTheSameBitsOnAnyNumberOfRanks) {
  const std::vector<float> terms = some_terms();
  std::vector<std::vector<double>> results;
  for (const int ranks : {1, 2, 3, 4})
    test::on_ranks(ranks, [&](Communicator& comm) { results.push_back(summed(comm, terms)); });
  for (const auto& sums : results) EXPECT_EQ(sums, results.back());
}

TEST(ExactSum, IsTheSum) {
  const std::vector<float> terms = some_terms();
  const std::vector<double> sums = summed(test::world(), terms);
  for (std::int64_t i = 0; i < kWidth; ++i) {
    double expected = 0;
    for (std::int64_t t = 0; t < kTerms; ++t) expected += double(terms[static_cast<std::size_t>(t * kWidth + i)]);
    // Each of 12 terms is rounded to 2^-61 of a bound below 2 * 12 * 1e7.
    EXPECT_NEAR(sums[static_cast<std::size_t>(i)], expected, 1e-6);
  }
}

TEST(ExactSum, OfNothingIsZero) {
  Stream stream;
  std::vector<double> sums(3, 1.0);
  ExactSum(stream, test::world())(View<const float>(nullptr, {0, 3}), sums);
  EXPECT_EQ(sums, std::vector<double>(3, 0.0));
}

TEST(ExactSum, TellsEveryRankWhatIsNotFinite) {
  std::vector<float> terms = some_terms();
  terms[static_cast<std::size_t>((kTerms - 1) * kWidth + 2)] = std::numeric_limits<float>::quiet_NaN();
  try {
    summed(test::world(), terms);
    FAIL();
  } catch (const AgreedError& error) {
    EXPECT_NE(std::string(error.what()).find("element 2"), std::string::npos);
  }
}

}  // namespace
}  // namespace fedscape
