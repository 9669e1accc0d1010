#include "fedscape/algo/federated/scaffoldrs.hpp"

#include <gtest/gtest.h>

#include "tests/algo/federated/rounds.hpp"

namespace fedscape {
namespace {

using test::case_of;
using test::trained;

ScaffoldRs scaffoldrs(double alpha) {
  ScaffoldRs algorithm;
  algorithm.rs.alpha = alpha;
  return algorithm;
}

TEST(ScaffoldRs, WithAlphaOneIsScaffold) { EXPECT_EQ(trained(case_of(scaffoldrs(1))), trained(case_of(Scaffold()))); }

TEST(ScaffoldRs, BeginsAsFedRs) {
  FedRs rs;
  rs.alpha = 0.2;
  EXPECT_EQ(trained(case_of(scaffoldrs(0.2)), 1), trained(case_of(rs), 1));
  EXPECT_NE(trained(case_of(scaffoldrs(0.2)), 3), trained(case_of(rs), 3));
}

TEST(ScaffoldRs, RefusesWhatFedRsRefuses) {
  EXPECT_EQ(test::refusal_of(scaffoldrs(-1)), "alpha of FedRS is -1; it must be in [0,1]");
}

}  // namespace
}  // namespace fedscape
