#include "fedscape/io/run_info.hpp"

#include <gtest/gtest.h>

#include "fedscape/io/hdf5_file.hpp"
#include "tests/support/message_of.hpp"
#include "tests/support/temp_folder.hpp"

namespace fedscape {
namespace {

RunInfo example() {
  return {.command = "fl run",
          .options = {{"lr", "0.1"}, {"name", ""}, {"threads", "2"}},
          .free = {"threads", "rounds"},
          .seed = 7,
          .data_hash = 0xabcdef,
          .device = "cpu",
          .build = "0.1.0"};
}

/// What resuming as `now` a run that was stored as `then` says.
std::string verdict(const RunInfo& then, const RunInfo& now) {
  const test::TempFolder folder;
  hdf5::File file = hdf5::File::create(folder / "run.h5");
  write_info(file, then);
  return test::message_of([&] { check_same_run(file, now); });
}

TEST(RunInfo, OfTheSameRunIsAccepted) { EXPECT_EQ(verdict(example(), example()), ""); }

TEST(RunInfo, MayDifferInFreeOptionsDeviceAndBuild) {
  RunInfo now = example();
  now.options[2].second = "8";
  now.device = "cuda:0", now.build = "0.2.0";
  EXPECT_EQ(verdict(example(), now), "");
  now.options.pop_back();
  EXPECT_EQ(verdict(example(), now), "");
  EXPECT_EQ(identity(now), identity(example()));
}

TEST(RunInfo, NamesTheOptionThatDiffersAndBothValues) {
  RunInfo now = example();
  now.options[0].second = "0.2";
  const std::string message = verdict(example(), now);
  EXPECT_NE(message.find("run.h5"), std::string::npos);
  EXPECT_NE(message.find("made with option lr = '0.1', not '0.2'"), std::string::npos) << message;
  EXPECT_NE(message.find("(what may differ: threads, rounds)"), std::string::npos) << message;
}

TEST(RunInfo, OfAnotherSeedDataCommandOrOptionListIsRefused) {
  RunInfo seed = example(), data = example(), command = example(), fewer = example();
  seed.seed = 8, data.data_hash = 1, command.command = "landscape sweep";
  fewer.options.erase(fewer.options.begin());
  for (const RunInfo& other : {seed, data, command, fewer}) {
    EXPECT_NE(verdict(example(), other), "");
    EXPECT_NE(verdict(other, example()), "");
    EXPECT_NE(identity(other), identity(example()));
  }
}

TEST(RunInfo, IdentityTellsWhereOneOptionEndsAndTheNextBegins) {
  RunInfo a, b;
  a.options = {{"ab", "c"}};
  b.options = {{"a", "bc"}};
  EXPECT_NE(identity(a), identity(b));
}

}  // namespace
}  // namespace fedscape
