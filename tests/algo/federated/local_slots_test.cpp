#include "fedscape/algo/federated/local_slots.hpp"

#include <gtest/gtest.h>

#include "fedscape/algo/federated/fedbn.hpp"
#include "fedscape/algo/federated/fedper.hpp"
#include "fedscape/algo/federated/fedrep.hpp"
#include "fedscape/algo/federated/lg_fedavg.hpp"
#include "tests/algo/federated/rounds.hpp"

namespace fedscape {
namespace {

using test::case_of;
using test::FederationCase;

/// What an algorithm with local slots leaves to a network of two linear layers with a norm between.
template <class System>
class LocalSlots : public ::testing::Test {
 protected:
  /// Calls visit(i, whether parameter i is local, where in a client's memory).
  template <class Visit>
  void for_each(Visit&& visit) const {
    std::size_t remembered = 0;
    for (const ParamSlot& slot : setting.network.layout().slots()) {
      const bool local = System().is_local(slot);
      for (std::int64_t j = 0; j < slot.size(); ++j)
        visit(static_cast<std::size_t>(slot.offset + j), local, local ? remembered++ : 0);
    }
  }
  FederationCase setting = case_of(System());
};
using Systems = ::testing::Types<FedBn, FedPer, FedRep, LgFedAvg>;
TYPED_TEST_SUITE(LocalSlots, Systems);

TYPED_TEST(LocalSlots, AreSomeOfTheSlotsButNotAll) {
  const auto size = this->setting.algorithm->footprint({this->setting.network.layout(), 4});
  EXPECT_GT(size.client, 0);
  EXPECT_LT(size.client, this->setting.network.layout().size());
}

TYPED_TEST(LocalSlots, StayWithTheirClientWhileTheOthersAreAveraged) {
  test::Rounds rounds(this->setting);
  const std::vector<float> before = rounds.global();
  const auto models = rounds.next({1, 6});
  const std::vector<float> after = rounds.global(), memory = rounds.memory_of(6);
  bool moved = false;
  this->for_each([&](std::size_t i, bool local, std::size_t at) {
    if (local) {
      EXPECT_EQ(after[i], before[i]);
      EXPECT_EQ(memory[at], models.at(6)[i]);
      moved |= memory[at] != before[i];
    } else {
      EXPECT_NEAR(after[i], (models.at(1)[i] + models.at(6)[i]) / 2, 1e-6);
    }
  });
  EXPECT_TRUE(moved);
}

TYPED_TEST(LocalSlots, AreWhatAClientStartsFromTheNextTime) {
  this->setting.local.optimizer.momentum = 0;
  test::Rounds rounds(this->setting);
  rounds.next({1, 6});
  const std::vector<float> memory = rounds.memory_of(6), global = rounds.global();
  this->setting.local.optimizer.lr = 0;  // what is trained now is what it starts from
  const std::vector<float> start = rounds.next({6})[6];
  const auto role = [&](std::size_t i) {
    for (const ParamSlot& slot : this->setting.network.layout().slots())
      if (static_cast<std::int64_t>(i) < slot.offset + slot.size()) return slot.role;
    return ParamRole::weight;
  };
  this->for_each([&](std::size_t i, bool local, std::size_t at) {
    const float expected = local ? memory[at] : global[i];
    EXPECT_TRUE(role(i) == ParamRole::statistic || start[i] == expected) << i;
  });
}

TYPED_TEST(LocalSlots, AndTheGlobalOnesMakeThePersonalModel) {
  test::Rounds rounds(this->setting);
  rounds.next({0, 1, 2, 3, 4, 5, 6, 7, 8});
  const Metrics expected = test::metrics_of(this->setting, [&](ClientId id) {
    std::vector<float> model = rounds.global();
    const std::vector<float> memory = rounds.memory_of(id);
    this->for_each([&](std::size_t i, bool local, std::size_t at) { model[i] = local ? memory[at] : model[i]; });
    return model;
  });
  const Metrics personal = rounds.personal();
  EXPECT_EQ(personal.loss, expected.loss);
  EXPECT_EQ(personal.correct, expected.correct);
}

TEST(FedBn, WithoutNormLayersIsFedAvg) {
  EXPECT_EQ(test::trained(case_of(FedBn(), true)), test::trained(FederationCase(9, true)));
}

TEST(FedBn, KeepsScalesShiftsAndStatistics) {
  const FederationCase setting;
  std::vector<std::string> kept;
  for (const ParamSlot& slot : setting.network.layout().slots())
    if (FedBn().is_local(slot)) kept.push_back(slot.name);
  EXPECT_EQ(kept, (std::vector<std::string>{"norm.weight", "norm.bias", "norm.running_mean", "norm.running_var"}));
}

TEST(FedPer, AndLgFedAvgShareTheModelBetweenThem) {
  const FederationCase setting;
  for (const ParamSlot& slot : setting.network.layout().slots())
    EXPECT_NE(FedPer().is_local(slot), LgFedAvg().is_local(slot)) << slot.name;
}

}  // namespace
}  // namespace fedscape
