#include "fedscape/io/run_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "fedscape/io/atomic_file.hpp"
#include "fedscape/io/hdf5_file.hpp"
#include "fedscape/io/model_file.hpp"
#include "fedscape/io/run_history.hpp"
#include "tests/io/same_profile.hpp"
#include "tests/io/small_layout.hpp"
#include "tests/support/full_disk.hpp"
#include "tests/support/message_of.hpp"
#include "tests/support/one_rank.hpp"
#include "tests/support/temp_folder.hpp"

namespace fedscape {
namespace {

using test::message_of;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class RunFileTest : public testing::Test {
 protected:
  RunFile open() { return RunFile::open(path, info, layout, comm); }
  /// A server whose model is base, base + 1, ... and whose memory holds {base, base}.
  Server server(std::int64_t round, float base) {
    Server made;
    made.round = round;
    std::vector<float> global = test::counted(layout);
    for (float& value : global) value += base;
    made.global = to_device(stream, global, {1, layout.size()});
    made.memory = to_device(stream, std::vector<float>{base, base}, {1, 2});
    return made;
  }
  /// Rounds first..last of a run whose numbers depend on the round only; the first `saved` of them are saved.
  void work(RunFile& file, std::int64_t first, std::int64_t last, std::int64_t saved) {
    for (std::int64_t round = first; round <= last; ++round) {
      const auto x = static_cast<double>(round);
      file.append(round, {{"train_loss", "nat", 1 / x}, {"test_accuracy", "percent", round % 2 ? NAN : 10 * x}});
      const Server now = server(round, static_cast<float>(-round));
      file.append_weights(stream, now);
      if (round <= saved) file.save(stream, now);
    }
  }
  std::string text_of(const std::string& name) {
    const std::vector<std::byte> bytes = read_bytes(folder / name, 1 << 20);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  test::TempFolder folder;
  std::filesystem::path path = folder / "run.h5";
  RunInfo info{.command = "fl run",
               .options = {{"lr", "0.1"}, {"rounds", "5"}},
               .free = {"rounds", "threads"},
               .seed = 3,
               .data_hash = 4,
               .device = "cpu",
               .build = ""};
  ParamLayout layout = test::small_layout();
  Stream stream{Device{}};
  test::OneRank comm;
};

TEST_F(RunFileTest, ANewRunStartsFromTheFreshServer) {
  RunFile file = open();
  EXPECT_EQ(file.round(), 0);
  const Server fresh = file.restore_or(stream, server(0, 7));
  EXPECT_EQ(fresh.round, 0);
  EXPECT_EQ(to_host(stream, fresh.global.view())[0], 7.0f);
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(RunFileTest, AResumedRunHasTheSavedServerToTheBit) {
  {
    RunFile file = open();
    file.restore_or(stream, server(0, 7));
    work(file, 1, 3, 2);
  }
  RunFile file = open();
  const Server back = file.restore_or(stream, server(0, 0));
  EXPECT_EQ(file.round(), 2);
  EXPECT_EQ(back.round, 2);
  EXPECT_EQ(to_host(stream, back.global.view()), to_host(stream, server(2, -2).global.view()));
  EXPECT_THAT(to_host(stream, back.memory.view()), ElementsAre(-2, -2));
  EXPECT_EQ(file.initial_signs(), signs_of(to_host(stream, server(0, 7).global.view())));
}

TEST_F(RunFileTest, AnInterruptedHistoryEndsAsTheUninterruptedOne) {
  {
    RunFile file = open();
    file.restore_or(stream, server(0, 7));
    work(file, 1, 6, 6);
  }
  const RunContents whole = read_run(path);
  const std::string csv = text_of("run.csv"), json = text_of("run.jsonl");
  const auto signs = hdf5::File::open(path).dataset("weights/sign_consistency").read<float>(24);
  std::filesystem::remove(path);
  for (const std::int64_t first : {1, 3, 4}) {  // saved after rounds 2, 3 and 6; each time two more rounds are lost
    RunFile file = open();
    file.restore_or(stream, server(0, 7));
    work(file, first, first + 3 < 6 ? first + 3 : 6, first == 4 ? 6 : first == 1 ? 2 : 3);
  }
  const RunContents resumed = read_run(path);
  EXPECT_EQ(resumed.history.rounds, whole.history.rounds);
  EXPECT_EQ(text_of("run.csv"), csv);
  EXPECT_EQ(text_of("run.jsonl"), json);
  EXPECT_EQ(from_state_dict(layout, resumed.model, ""), from_state_dict(layout, whole.model, ""));
  const hdf5::File file = hdf5::File::open(path);
  EXPECT_THAT(file.dataset("weights/round").read<std::int64_t>(9), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_EQ(file.dataset("weights/mean").shape(), (Shape{6, 5}));
  EXPECT_THAT(file.dataset("weights/sign_consistency").read<float>(24),
              testing::Pointwise(testing::NanSensitiveFloatEq(), signs));
}

TEST_F(RunFileTest, HistoriesAreCutBackEvenIfTheFileHasMore) {
  {
    RunFile file = open();
    file.restore_or(stream, server(0, 7));
    work(file, 1, 4, 0);
    file.save(stream, server(2, -2));
  }
  open();
  EXPECT_EQ(text_of("run.csv"), "round,train_loss,test_accuracy\n1,1,\n2,0.5,20\n");
  EXPECT_EQ(text_of("run.jsonl"),
            "{\"round\":1,\"train_loss\":1.0,\"test_accuracy\":null}\n"
            "{\"round\":2,\"train_loss\":0.5,\"test_accuracy\":20.0}\n");
}

TEST_F(RunFileTest, TheProfileOfALaterProcessReplacesThatOfAnEarlierOne) {
  const ProfileTable first{
      .rows = {{"forward", "conv", 3, 0.5, {8e9, 2e6}}, {"waiting", "ranks", 1, 0.25, {}}, {"other", ""}},
      .ranks = 2,
      .threads = 4,
      .wall_seconds = 0.1875,
      .peaks = {1e11, 1e10}};
  const ProfileTable second{.rows = {{"other", "", 7, 1.5, {}}}, .wall_seconds = 1.5};
  for (const ProfileTable& table : {first, second}) {
    RunFile file = open();
    file.save(stream, file.restore_or(stream, server(0, 7)));
    file.save_profile(table);
    EXPECT_THAT(read_profile(hdf5::File::open(path)), testing::Optional(test::same_profile(table)));
  }
  RunFile file = open();  // a process without one leaves it
  file.save(stream, file.restore_or(stream, server(0, 7)));
  EXPECT_THAT(read_profile(hdf5::File::open(path)), testing::Optional(test::same_profile(second)));
}

TEST_F(RunFileTest, HasTheNamesThatReadersOfPflLibExpect) {
  RunFile run = open();
  run.restore_or(stream, server(0, 7));
  work(run, 1, 4, 4);
  const hdf5::File file = hdf5::File::open(path);
  EXPECT_THAT(file.dataset("rs_test_acc").read<double>(9), ElementsAre(0.2, 0.4));
  EXPECT_THAT(file.dataset("rs_train_loss").read<double>(9), ElementsAre(1, 0.5, 1.0 / 3, 0.25));
  EXPECT_EQ(file.dataset("metrics/test_accuracy").text("unit"), "percent");
}

TEST_F(RunFileTest, StoresWeightStatisticsOfModelAndClients) {
  RunFile run = open();
  run.restore_or(stream, server(0, 0));
  run.append_weights(stream, server(1, -5));
  run.append_clients(1, {{4, std::vector<SlotStatistics>(5, {1, 2, 3, 4, 5}), {0.5f, 0.25f, 1, NAN}}});
  run.save(stream, server(1, -5));
  const hdf5::File file = hdf5::File::open(path);
  EXPECT_THAT(file.dataset("weights/layer").read_text(9),
              ElementsAre("conv.weight", "bn.running_mean", "bn.running_var", "linear.weight", "linear.bias"));
  EXPECT_EQ(file.dataset("weights/mean").read<float>(5)[0], 0.5f);                    // of -5..6
  EXPECT_EQ(file.dataset("weights/same_sign_initial").read<float>(5)[0], 7 / 12.0f);  // 0..6 keep their sign
  EXPECT_THAT(file.dataset("weights/group").read_text(9), ElementsAre("all", "features", "classifier", "norm"));
  // 0 and 5 are 0 in one of the two; of 1 to 25 without them, 1 to 4 change sign.
  EXPECT_THAT(file.dataset("weights/sign_consistency").read<float>(9),
              ElementsAre(20 / 24.0f, 10 / 14.0f, 1, testing::IsNan()));
  EXPECT_THAT(file.dataset("client_weights/sign_consistency").read<float>(9),
              ElementsAre(0.5f, 0.25f, 1, testing::IsNan()));
  EXPECT_THAT(file.dataset("client_weights/client").read<std::int64_t>(1), ElementsAre(4));
  EXPECT_THAT(file.dataset("client_weights/norm").read<float>(5), ElementsAre(3, 3, 3, 3, 3));
}

TEST_F(RunFileTest, RefusesToResumeWithOtherOptionsAndSaysWhatMayDiffer) {
  {
    RunFile file = open();
    file.restore_or(stream, server(0, 7));
    work(file, 1, 1, 1);
  }
  info.options = {{"lr", "0.1"}, {"rounds", "9"}, {"threads", "2"}};
  EXPECT_EQ(message_of([&] { open(); }), "");
  info.options[0].second = "0.2";
  EXPECT_THAT(message_of([&] { open(); }),
              AllOf(HasSubstr("run.h5"), HasSubstr("option lr = '0.1', not '0.2'"), HasSubstr("rounds, threads")));
  info.options = {{"rounds", "9"}};
  EXPECT_THAT(message_of([&] { open(); }), HasSubstr("option lr = '0.1', not '(unknown now)'"));
  info.options = {{"lr", "0.1"}, {"decay", "1"}};
  EXPECT_THAT(message_of([&] { open(); }), HasSubstr("option decay = '(unknown then)', not '1'"));
  info.options = {{"lr", "0.1"}};
  info.data_hash = 5;
  EXPECT_THAT(message_of([&] { open(); }), HasSubstr("'0000000000000004', not '0000000000000005'"));
}

TEST_F(RunFileTest, RefusesAnotherNetworkAndAnotherMemory) {
  {
    RunFile file = open();
    file.restore_or(stream, server(0, 7));
    work(file, 1, 1, 1);
  }
  Server larger = server(0, 0);
  larger.memory = to_device(stream, std::vector<float>(3), {1, 3});
  EXPECT_THAT(message_of([&] { open().restore_or(stream, std::move(larger)); }),
              HasSubstr("run.h5: /server_memory: 3 values expected, found [2]"));
  ParamSlot extra;
  extra.name = "extra";
  extra.shape = extra.torch_shape = extra.split = {1};
  extra.torch_permutation = {0};
  layout.add(extra);
  EXPECT_THAT(message_of([&] { open().restore_or(stream, server(0, 0)); }), HasSubstr("missing extra"));
}

TEST_F(RunFileTest, KeepsThePreviousFileOnAFullDisk) {
  RunFile file = open();
  file.restore_or(stream, server(0, 7));
  work(file, 1, 2, 1);
  {
    const test::FullDisk full(1000);
    EXPECT_THAT(message_of([&] { file.save(stream, server(2, -2)); }), HasSubstr("run.h5: cannot be written"));
  }
  EXPECT_EQ(read_run(path).round, 1);
}

TEST_F(RunFileTest, RefusesAFileThatIsNotItsOwn) {
  hdf5::File other = hdf5::File::create(path);
  other.save();
  EXPECT_THAT(message_of([&] { open(); }), HasSubstr("a run file of format \"fedscape run 1\" expected"));
  replace_file(path, {});
  EXPECT_THAT(message_of([&] { open(); }), HasSubstr("no checksum at its end"));
  path = folder / "run.h5" / "below";
  EXPECT_THAT(message_of([&] { open(); }), HasSubstr("below: cannot be written (Not a directory)"));
}

TEST_F(RunFileTest, SaysWhenASaveIsDue) {
  RunFile file = open();
  EXPECT_TRUE(file.due(0));
  EXPECT_FALSE(file.due(1000));
}

TEST_F(RunFileTest, ExportsModelAndHistory) {
  RunFile file = open();
  file.restore_or(stream, server(0, 7));
  work(file, 1, 2, 2);
  const RunContents run = read_run(path);
  export_model(run, folder / "m.safetensors");
  export_csv(run, folder / "export.csv");
  export_json(run, folder / "export.json");
  EXPECT_EQ(read_model(folder / "m.safetensors", layout), to_host(stream, server(2, -2).global.view()));
  EXPECT_EQ(text_of("export.csv"), text_of("run.csv"));
  EXPECT_THAT(text_of("export.json"),
              AllOf(HasSubstr("\"lr\": \"0.1\""), HasSubstr("\"train_loss\": \"nat\""), HasSubstr("null,\n   20.0")));
}

}  // namespace
}  // namespace fedscape
