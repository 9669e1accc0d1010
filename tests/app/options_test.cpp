#include "fedscape/app/options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "fedscape/base/check.hpp"
#include "fedscape/base/rng.hpp"
#include "tests/support/message_of.hpp"
#include "tests/support/temp_folder.hpp"

namespace fedscape {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

struct Example {
  std::int64_t rounds = 20;
  double lr = 0.1;
  bool flip = false;
  std::string name = "lenet";
  void options(Fields& f) {
    f.field("rounds", rounds, "rounds to train");
    f.field("lr", lr, "learning rate");
    f.field("flip", flip, "random flips");
    f.field("name", name, "which network");
  }
};

Example parse(std::vector<std::string> words, const std::string& prefix = "") {
  Example example;
  OptionTable table;
  table.add("Example", example, prefix);
  table.parse(words);
  return example;
}

std::string error_of(std::vector<std::string> words) {
  try {
    parse(std::move(words));
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::string config_file(const std::string& content) {
  static const test::TempFolder folder;  // of this process: tests run side by side
  const std::string path = (folder / "options_test.ini").string();
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

TEST(Options, FlagsSetFieldsInBothForms) {
  const Example example = parse({"--rounds", "7", "--lr=-2.5e-3", "--flip", "--name", "mlp"});
  EXPECT_EQ(example.rounds, 7);
  EXPECT_EQ(example.lr, -2.5e-3);
  EXPECT_TRUE(example.flip);
  EXPECT_EQ(example.name, "mlp");
}

TEST(Options, ASwitchTakesAValueToo) {
  EXPECT_FALSE(parse({"--flip", "false"}).flip);
  EXPECT_FALSE(parse({"--flip=off"}).flip);
  EXPECT_TRUE(parse({"--flip", "--rounds", "1"}).flip);
}

TEST(Options, FlagsOverrideTheFileAndTheFileOverridesDefaults) {
  const std::string file = config_file("# a comment\nrounds = 5\nlr = 0.5  # and another\n");
  const Example example = parse({"--config", file, "--lr", "2"});
  EXPECT_EQ(example.rounds, 5);
  EXPECT_EQ(example.lr, 2);
  EXPECT_EQ(example.name, "lenet");
}

TEST(Options, DashesAndUnderscoresInNamesAreTheSame) {
  struct Long {
    std::int64_t local_steps = 0;
    void options(Fields& f) { f.field("local_steps", local_steps, "steps"); }
  };
  for (const std::string word : {"--local-steps=3", "--local_steps=3"}) {
    Long options;
    OptionTable table;
    table.add("Long", options);
    table.parse(std::vector<std::string>{word});
    EXPECT_EQ(options.local_steps, 3) << word;
    EXPECT_EQ(table.description().front().first, "local-steps");
  }
}

TEST(Options, ASectionIsAPrefix) {
  const std::string file = config_file("network = mlp\n[network]\nrounds = 9\n");
  const Example example = parse({"--config", file, "--network.lr", "3"}, "network");
  EXPECT_EQ(example.name, "mlp");
  EXPECT_EQ(example.rounds, 9);
  EXPECT_EQ(example.lr, 3);
}

TEST(Options, AnUnknownFlagIsRefusedWithTheNearestName) {
  EXPECT_EQ(error_of({"--round", "7"}), "--round: there is no such option; did you mean 'rounds'?");
  EXPECT_THAT(error_of({"--zzzzzzzzzz=7"}), HasSubstr("--help lists"));
  EXPECT_THAT(error_of({"7"}), HasSubstr("an option was expected, not '7'"));
}

TEST(Options, AValueOfTheWrongKindIsRefused) {
  EXPECT_EQ(error_of({"--rounds", "many"}), "--rounds: a whole number was expected, not 'many'");
  EXPECT_THAT(error_of({"--rounds=1.5"}), HasSubstr("whole number"));
  EXPECT_THAT(error_of({"--rounds=99999999999999999999"}), HasSubstr("whole number"));
  EXPECT_THAT(error_of({"--lr", "nan"}), HasSubstr("finite"));
  EXPECT_THAT(error_of({"--lr", "inf"}), HasSubstr("finite"));
  EXPECT_THAT(error_of({"--flip=maybe"}), HasSubstr("true or false"));
  EXPECT_THAT(error_of({"--lr"}), HasSubstr("lr"));
}

TEST(Options, AFileIsRefusedWithItsNameAndLine) {
  const std::string file = config_file("rounds = 5\n\nlrr = 1\n");
  EXPECT_THAT(error_of({"--config", file}), AllOf(HasSubstr(file + ", line 3: lrr"), HasSubstr("'lr'")));
  EXPECT_THAT(error_of({"--config", config_file("rounds = 5\nlr 1\n")}), HasSubstr("line 2: 'name = value'"));
  EXPECT_THAT(error_of({"--config", config_file("lr = 1\nlr = 1\n")}), HasSubstr("line 2: 'lr' was set before"));
  EXPECT_THAT(error_of({"--config", config_file("lr = x\n")}), HasSubstr("line 1: lr: a number was expected"));
  EXPECT_THAT(error_of({"--config", "/nowhere.ini"}), HasSubstr("/nowhere.ini: cannot read"));
  EXPECT_THAT(error_of({"--config", testing::TempDir()}), HasSubstr("not a folder"));
}

TEST(Options, GarbledFilesAreReadOrRefusedButNeverCrash) {
  const std::string good = "# run\nrounds = 5\nlr = 0.5\n[a]\n; other\nname = mlp\nflip = true\n";
  Draws draws({.seed = 11, .purpose = Purpose::test});
  for (int trial = 0; trial < 300; ++trial) {
    std::string bad = good.substr(0, static_cast<std::size_t>(draws.below(static_cast<std::int64_t>(good.size()) + 1)));
    for (std::int64_t i = draws.below(6); i > 0 && !bad.empty(); --i)
      bad[static_cast<std::size_t>(draws.below(static_cast<std::int64_t>(bad.size())))] =
          static_cast<char>(draws.below(256));
    const std::string file = config_file(bad), error = error_of({"--config", file});
    if (error == "no error") continue;
    EXPECT_THAT(error, HasSubstr(file + ", line "));
  }
}

TEST(Options, ListedElsewhereAreLeftOutOfTheHelpAndReadAllTheSame) {
  Example first, second;
  OptionTable table;
  table.add("First", first, "first");
  table.add("Second", second, "second");
  table.list_elsewhere("second", "fedscape list seconds");
  const std::string help = table.help("");
  EXPECT_THAT(help, AllOf(HasSubstr("--first.lr"), HasSubstr("More options, --NAME.OPTION: fedscape list seconds")));
  EXPECT_EQ(help.find("--second."), std::string::npos);
  table.parse(std::vector<std::string>{"--second.lr", "3"});
  EXPECT_EQ(second.lr, 3);
}

TEST(Options, FieldsThatAreLeftOutAreUnknown) {
  Example example;
  OptionTable table;
  table.leave_out({"rounds"});
  table.add("Example", example);
  EXPECT_TRUE(table.has("lr"));
  EXPECT_FALSE(table.has("rounds"));
  EXPECT_THROW(table.parse(std::vector<std::string>{"--rounds", "3"}), Error);
}

TEST(Options, AFieldThatIsSetNamesItsOriginWhereItIsRefused) {
  Example example;
  OptionTable table;
  table.add("Example", example, "example");
  table.set("example.lr", "0.5", "an entry");
  EXPECT_EQ(example.lr, 0.5);
  EXPECT_EQ(table.set_under("example"), "an entry");
  EXPECT_EQ(test::message_of([&] { table.set("example.lr", "x", "an entry"); }),
            "an entry: a number was expected, not 'x'");
  EXPECT_THAT(test::message_of([&] { table.set("example.l", "1", "an entry"); }),
              AllOf(HasSubstr("an entry: example.l: there is no such option"), HasSubstr("'example.lr'")));
}

TEST(Options, ArgumentsAreKeptAsAShellReadsThem) {
  Example example;
  OptionTable table;
  table.add("Example", example);
  table.parse(std::vector<std::string>{"--lr=0.5", "--name", "Mary's net"});
  EXPECT_EQ(table.arguments(), "--lr=0.5 --name 'Mary'\\''s net'");
}

TEST(Options, TextReadsBackToTheSameValues) {
  Example example{.rounds = 3, .lr = 1.0 / 3.0, .flip = true, .name = "mlp"};
  OptionTable table;
  table.add("Example", example);
  std::string lines;
  for (const auto& [name, value] : table.description()) lines += name + " = " + value + "\n";
  EXPECT_EQ(parse({"--config", config_file(lines)}).lr, 1.0 / 3.0);
}

}  // namespace
}  // namespace fedscape
