#include "src/app/fl_variants.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/message_of.hpp"

namespace fedscape {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

std::string error_of(const std::string& entries) {
  return test::message_of([&] { parse_variants(entries); });
}

/// The run of one entry where these flags are shared.
VariantRun run_of(const std::string& entry, const std::vector<std::string>& flags = {}) {
  FlOptions shared;
  OptionTable table;
  shared.list(table);
  table.parse(flags);
  return make_run(parse_variants(entry)[0], table, 7, "folder/run.h5");
}

std::string refusal(const std::string& entry, const std::vector<std::string>& flags = {}) {
  return test::message_of([&] { run_of(entry, flags); });
}

std::string stored(const VariantRun& run, const std::string& option) {
  for (const auto& [name, value] : run.info.options)
    if (name == option) return value;
  return "no such option";
}

TEST(Variants, AnEntryIsALabelAnAlgorithmAndOptionsOfItsOwn) {
  const auto variants = parse_variants("fedavg, fedavg:wsa.lambda=0.01,all=scaffold:wsa.lambda=0.1:network.pan=mul");
  ASSERT_EQ(variants.size(), 3u);
  EXPECT_EQ(variants[0].label, "fedavg");
  EXPECT_EQ(variants[1].label, "fedavg+wsa.lambda=0.01");
  EXPECT_EQ(variants[1].algorithm, "fedavg");
  EXPECT_THAT(variants[1].options, ElementsAre(Pair("wsa.lambda", "0.01")));
  EXPECT_EQ(variants[2].label, "all");
  EXPECT_EQ(variants[2].algorithm, "scaffold");
  EXPECT_THAT(variants[2].options, ElementsAre(Pair("wsa.lambda", "0.1"), Pair("network.pan", "mul")));
}

TEST(Variants, WhatIsNoEntryIsRefused) {
  EXPECT_THAT(error_of("fedavgg"), HasSubstr("did you mean 'fedavg'"));
  EXPECT_THAT(error_of("fedavg,fedprox"), HasSubstr("fedavg:fedprox.OPTION=VALUE was expected, not 'fedprox'"));
  EXPECT_THAT(error_of("fedavg,,scaffold"), HasSubstr("was expected, not ''"));
  EXPECT_THAT(error_of("=fedavg"), HasSubstr("LABEL=ALGORITHM"));
  EXPECT_THAT(error_of("a/b=fedavg"), HasSubstr("a label of letters, digits and . _ + - was expected, not 'a/b'"));
  EXPECT_THAT(error_of("fedavg:lr"), HasSubstr("OPTION=VALUE was expected in 'fedavg:lr', not 'lr'"));
  EXPECT_THAT(error_of("fedavg,fedavg"), HasSubstr("two entries are labelled 'fedavg'"));
}

TEST(Variants, ARunHasTheSharedOptionsAndOverThemItsOwn) {
  const VariantRun run =
      run_of("fedopt:lr=0.3:wsa.lambda=0.02", {"--lr", "0.1", "--epochs=2", "--fedopt.server_lr=0.5"});
  EXPECT_EQ(run.options->algorithm, "fedopt");
  EXPECT_EQ(run.options->seed, 7);
  EXPECT_EQ(run.info.seed, 7u);
  EXPECT_EQ(run.options->output, "folder/run.h5");
  EXPECT_EQ(run.options->local.optimizer.lr, 0.3);
  EXPECT_EQ(run.options->local.epochs, 2);
  EXPECT_EQ(stored(run, "fedopt.server-lr"), "0.5");
  EXPECT_EQ(stored(run, "wsa.lambda"), "0.02");
}

TEST(Variants, SharedOptionsOfAnotherAlgorithmHaveNoPartInARun) {
  EXPECT_EQ(stored(run_of("fedavg", {"--fedopt.server-lr=0.5"}), "fedopt.server-lr"),
            stored(run_of("fedavg"), "fedopt.server-lr"));
}

TEST(Variants, ABadOptionIsRefusedByEntryAndName) {
  EXPECT_THAT(refusal("fedavg:wsa.lamda=1"), AllOf(HasSubstr("fedavg:wsa.lamda=1"), HasSubstr("mean 'wsa.lambda'")));
  EXPECT_THAT(refusal("fedavg:lr=fast"), AllOf(HasSubstr("fedavg:lr=fast"), HasSubstr("lr: a number was expected")));
  EXPECT_THAT(refusal("fedavg:fedrs.alpha=1"), AllOf(HasSubstr("fedrs.alpha"), HasSubstr("the algorithm is fedavg")));
  EXPECT_THAT(refusal("fedrs:fedrs.alpha=2"), HasSubstr("alpha of FedRS is 2"));
  for (const std::string shared : {"seed", "rounds", "cohort", "partition", "data", "output", "threads", "algorithm"})
    EXPECT_THAT(refusal("fedavg:" + shared + "=1"), AllOf(HasSubstr(shared + ": all entries share this option")))
        << shared;
  EXPECT_THAT(refusal("fedavg", {"--rounds=0"}), HasSubstr("rounds: 1 or more"));
}

}  // namespace
}  // namespace fedscape
