#include "fedscape/algo/federated/dittors.hpp"

#include <gtest/gtest.h>

#include "tests/algo/federated/rounds.hpp"

namespace fedscape {
namespace {

using test::case_of;
using test::FederationCase;

/// With the mask that tells clients apart that hold all classes.
DittoRs dittors(double alpha) {
  DittoRs algorithm;
  algorithm.rs.alpha = alpha, algorithm.rs.mask = "soft", algorithm.pull.mu = 0.5;
  return algorithm;
}

/// What client 5 remembers after two rounds.
std::vector<float> own_model(const FederationCase& setting) {
  test::Rounds rounds(setting);
  rounds.next({2, 5}), rounds.next({3, 5});
  return rounds.memory_of(5);
}

TEST(DittoRs, WithAlphaOneIsDitto) {
  Ditto ditto;
  ditto.pull.mu = 0.5;
  EXPECT_EQ(test::trained(case_of(dittors(1))), test::trained(case_of(ditto)));
  EXPECT_EQ(own_model(case_of(dittors(1))), own_model(case_of(ditto)));
}

TEST(DittoRs, SendsWhatFedRsSends) {
  FedRs fedrs;
  fedrs.alpha = 0.3, fedrs.mask = "soft";
  EXPECT_EQ(test::trained(case_of(dittors(0.3))), test::trained(case_of(fedrs)));
  EXPECT_NE(test::trained(case_of(dittors(0.3))), test::trained(case_of(dittors(1))));
}

TEST(DittoRs, LeavesTheLossOfClientsOwnModelsAlone) {
  DittoRs restricted = dittors(0);
  Ditto ditto;
  restricted.pull.mu = ditto.pull.mu = 0;  // nothing of what is sent comes to them
  EXPECT_EQ(own_model(case_of(restricted)), own_model(case_of(ditto)));
  EXPECT_NE(own_model(case_of(dittors(0))), own_model(case_of(dittors(1))));
}

TEST(DittoRs, RefusesWhatItsPartsRefuse) {
  EXPECT_EQ(test::refusal_of(dittors(2)), "alpha of FedRS is 2; it must be in [0,1]");
  DittoRs algorithm;
  algorithm.pull.mu = -1;
  EXPECT_EQ(test::refusal_of(algorithm), "lambda of Ditto is -1; it must be 0 or more");
}

}  // namespace
}  // namespace fedscape
