#include "fedscape/io/surface_file.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <csignal>
#include <fstream>
#include <random>

#include "fedscape/io/atomic_file.hpp"
#include "fedscape/io/hdf5_file.hpp"
#include "tests/io/same_profile.hpp"
#include "tests/support/message_of.hpp"
#include "tests/support/one_rank.hpp"
#include "tests/support/temp_folder.hpp"

namespace fedscape {
namespace {

/// One of several ranks as far as the names of its journals go; the tests run them one after the other.
class NumberedRank : public test::OneRank {
 public:
  explicit NumberedRank(int rank) : rank_(rank) {}
  int rank() const override { return rank_; }

 private:
  int rank_;
};

SurfaceFile::Content content_of(const Grid& grid) {
  return {.info = {.command = "landscape sweep",
                   .options = {{"x", "-1:1:5"}, {"xnorm", "filter"}, {"threads", "2"}},
                   .free = {"threads"},
                   .seed = 7,
                   .data_hash = 99},
          .grid = grid,
          .splits = {"train", "test"},
          .dir_file = "directions.h5"};
}

const Grid kGrid{.x0 = -1, .x1 = 1, .y0 = 0, .y1 = 3, .nx = 5, .ny = 4};

/// Metrics that tell points and splits apart.
std::vector<Metrics> metrics_of(Point p) {
  const double value = 100 * p.iy + p.ix;
  return {
      {.loss = 8 * value, .squared = 1, .margin = -value, .confidence = 4, .correct = p.ix, .correct5 = 7, .count = 8},
      {.loss = 4 * (value + 0.1),
       .squared = 2,
       .margin = 1,
       .confidence = 1,
       .correct = p.iy,
       .correct5 = 4,
       .count = 4}};
}

void record_all(SurfaceFile& file, std::span<const Point> points) {
  for (const Point p : points) file.record(p, metrics_of(p));
}

void expect_complete(const std::filesystem::path& path) {
  const Surface surface = read_surface(path);
  EXPECT_EQ(surface.finished(), surface.grid.points());
  for (int iy = 0; iy < surface.grid.ny; ++iy)
    for (int ix = 0; ix < surface.grid.nx; ++ix) {
      const std::size_t at = surface.at({ix, iy});
      const auto metrics = metrics_of({ix, iy});
      EXPECT_EQ(surface.field("train_loss").values[at], metrics[0].loss / 8);
      EXPECT_EQ(surface.field("test_acc").values[at], 25.0 * iy);
      EXPECT_EQ(surface.field("test_margin").values[at], 0.25);
    }
}

TEST(SurfaceFile, HoldsEveryMetricOfEverySplitAndLeavesNoJournal) {
  const test::TempFolder folder;
  test::OneRank comm;
  SurfaceFile file = SurfaceFile::open(folder / "s.h5", content_of(kGrid), comm);
  EXPECT_EQ(file.pending().size(), 20u);
  record_all(file, file.pending());
  EXPECT_TRUE(std::filesystem::exists(folder / "s.h5.journal.0"));
  file.finish();
  EXPECT_TRUE(file.pending().empty());
  EXPECT_FALSE(std::filesystem::exists(folder / "s.h5.journal.0"));
  expect_complete(folder / "s.h5");
}

TEST(SurfaceFile, KeepsTheProfileOfTheLastProcessThatHadOne) {
  const test::TempFolder folder;
  test::OneRank comm;
  const ProfileTable table{.rows = {{"forward", "linear", 3, 0.5, {8e9, 2e6}}, {"other", "", 1, 0.25, {}}}};
  {
    SurfaceFile file = SurfaceFile::open(folder / "s.h5", content_of(kGrid), comm);
    record_all(file, file.pending());
    file.finish();
    EXPECT_FALSE(read_profile(hdf5::File::open(folder / "s.h5")));
    file.save_profile(table);
  }
  SurfaceFile::open(folder / "s.h5", content_of(kGrid), comm).finish();
  EXPECT_THAT(read_profile(hdf5::File::open(folder / "s.h5")), testing::Optional(test::same_profile(table)));
  expect_complete(folder / "s.h5");
}

TEST(SurfaceFile, ShowsWhatIsNotComputedByItsStatusAndNaN) {
  const test::TempFolder folder;
  test::OneRank comm;
  SurfaceFile file = SurfaceFile::open(folder / "s.h5", content_of(kGrid), comm);
  file.record({2, 1}, std::vector<Metrics>{{.loss = std::nan(""), .count = 1}, {.loss = 0, .count = 1}});
  file.finish();
  const Surface surface = read_surface(folder / "s.h5");
  for (std::size_t i = 0; i < 20; ++i) {
    EXPECT_EQ(surface.status[i], i == 7);
    EXPECT_EQ(std::isnan(surface.field("test_loss").values[i]), i != 7);  // a loss of 0 is a result
  }
  EXPECT_TRUE(std::isnan(surface.field("train_loss").values[7]));  // and so is NaN
  EXPECT_EQ(file.pending().size(), 19u);
}

TEST(SurfaceFile, GoesOnAfterACrashWithTheJournalsOfAnyRanks) {
  const test::TempFolder folder;
  test::OneRank comm;
  SurfaceFile::open(folder / "s.h5", content_of(kGrid), comm);
  for (const int rank : {0, 3, 12}) {
    NumberedRank numbered(rank);
    test::OneRank root;
    SurfaceFile file = SurfaceFile::open(folder / "other.h5", content_of(kGrid), root);
    record_all(file, std::vector<Point>{{rank % 5, 0}, {rank % 5, 3}});
    std::filesystem::rename(folder / "other.h5.journal.0", folder / fmt::format("s.h5.journal.{}", rank));
  }
  SurfaceFile resumed = SurfaceFile::open(folder / "s.h5", content_of(kGrid), comm);
  EXPECT_EQ(resumed.pending().size(), 14u);
  EXPECT_FALSE(std::filesystem::exists(folder / "s.h5.journal.12"));
  record_all(resumed, resumed.pending());
  resumed.finish();
  expect_complete(folder / "s.h5");
}

TEST(SurfaceFile, LosesOnlyTheTornEndOfAJournal) {
  const test::TempFolder folder;
  test::OneRank comm;
  {
    SurfaceFile file = SurfaceFile::open(folder / "s.h5", content_of(kGrid), comm);
    record_all(file, std::vector<Point>{{0, 0}, {1, 0}, {2, 0}});
  }
  const auto journal = folder / "s.h5.journal.0";
  std::filesystem::resize_file(journal, std::filesystem::file_size(journal) - 9);
  const SurfaceFile resumed = SurfaceFile::open(folder / "s.h5", content_of(kGrid), comm);
  EXPECT_EQ(resumed.pending().size(), 18u);
  EXPECT_EQ(resumed.pending().front(), (Point{2, 0}));
}

const Grid kLargeGrid{.nx = 40, .ny = 25};

/// What a process does that is going to be killed: records point by point, merges now and then, sends a byte to `out`
/// for each point that is recorded, and waits.
[[noreturn]] void record_until_killed(const std::filesystem::path& path, int out) {
  test::OneRank comm;
  SurfaceFile file = SurfaceFile::open(path, content_of(kLargeGrid), comm, 0.002);
  for (const Point p : file.pending()) {
    file.record(p, metrics_of(p));
    if (::write(out, "", 1) != 1) _exit(1);
  }
  for (;;) ::pause();
}

/// Bytes read, at most `most`, until the other end is closed.
int count_bytes(int in, int most) {
  int count = 0;
  for (char byte = 0; count < most && ::read(in, &byte, 1) == 1;) ++count;
  return count;
}

TEST(SurfaceFile, KeepsEveryRecordedPointOfAProcessKilledAtAnyMoment) {
  const test::TempFolder folder;
  test::OneRank comm;
  std::mt19937 random(5);
  for (int kills = 0; kills < 20; ++kills) {
    const std::filesystem::path path = folder / fmt::format("{}.h5", kills);
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    const pid_t child = ::fork();
    if (child == 0) record_until_killed(path, ends[1]);
    ::close(ends[1]);
    int told = count_bytes(ends[0], static_cast<int>(random() % 500));
    ::kill(child, SIGKILL);
    told += count_bytes(ends[0], 1000);
    ::close(ends[0]);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);

    const SurfaceFile resumed = SurfaceFile::open(path, content_of(kLargeGrid), comm);
    const int found = 1000 - static_cast<int>(resumed.pending().size());
    EXPECT_GE(found, told);
    EXPECT_LE(found, told + 1);  // killed between recording and telling
  }
}

TEST(SurfaceFile, IsSavedWhileItGrows) {
  const test::TempFolder folder;
  test::OneRank comm;
  SurfaceFile file = SurfaceFile::open(folder / "s.h5", content_of(kGrid), comm, 0);
  for (int ix = 0; ix < 3; ++ix) {
    file.record({ix, 2}, metrics_of({ix, 2}));
    EXPECT_EQ(read_surface(folder / "s.h5").finished(), ix + 1);
  }
}

TEST(SurfaceFile, IsNotResumedWithOtherOptions) {
  const test::TempFolder folder;
  test::OneRank comm;
  const auto open_with = [&](const SurfaceFile::Content& content) {
    return test::message_of([&] { SurfaceFile::open(folder / "s.h5", content, comm); });
  };
  EXPECT_EQ(open_with(content_of(kGrid)), "");
  SurfaceFile::Content threads = content_of(kGrid), norm = threads, grid = threads, splits = threads;
  threads.info.options[2].second = "16";
  EXPECT_EQ(open_with(threads), "");
  norm.info.options[1].second = "layer";
  EXPECT_NE(open_with(norm).find("option xnorm = 'filter', not 'layer'"), std::string::npos);
  grid.grid.ny = 7;
  EXPECT_NE(open_with(grid).find("5 x 7 points expected, found 5 x 4"), std::string::npos);
  splits.splits = {"test"};
  EXPECT_NE(open_with(splits).find("6 fields expected, found 12"), std::string::npos);
}

TEST(SurfaceFile, TakesNoPointsFromAnotherSweepsJournal) {
  const test::TempFolder folder;
  test::OneRank comm;
  SurfaceFile::Content other = content_of(kGrid);
  other.info.seed = 8;
  SurfaceFile file = SurfaceFile::open(folder / "s.h5", other, comm);
  record_all(file, std::vector<Point>{{0, 0}});
  std::filesystem::remove(folder / "s.h5");
  const std::string message = test::message_of([&] { SurfaceFile::open(folder / "s.h5", content_of(kGrid), comm); });
  EXPECT_NE(message.find("s.h5.journal.0: a journal of the same work expected"), std::string::npos) << message;
  EXPECT_FALSE(std::filesystem::exists(folder / "s.h5"));
}

TEST(SurfaceFile, NeverReplacesAFileThatIsNoSurface) {
  const test::TempFolder folder;
  test::OneRank comm;
  std::ofstream(folder / "s.h5") << "my notes";
  EXPECT_NE(test::message_of([&] { SurfaceFile::open(folder / "s.h5", content_of(kGrid), comm); }), "");
  EXPECT_EQ(std::filesystem::file_size(folder / "s.h5"), 8u);
  hdf5::File run = hdf5::File::create(folder / "run.h5");
  run.save();
  EXPECT_NE(test::message_of([&] {
              SurfaceFile::open(folder / "run.h5", content_of(kGrid), comm);
            }).find("a 'fedscape surface 1' expected"),
            std::string::npos);
}

TEST(SurfaceFile, DamagedAnywhereIsRefusedAndKept) {
  const test::TempFolder folder;
  test::OneRank comm;
  SurfaceFile::open(folder / "good.h5", content_of(kGrid), comm);
  const std::vector<std::byte> good = read_bytes(folder / "good.h5", 1 << 24);
  std::mt19937 random(1);
  for (int i = 0; i < 60; ++i) {
    std::vector<std::byte> bytes = good;
    if (i % 3 == 0)
      bytes.resize(random() % good.size());
    else
      bytes[random() % good.size()] ^= static_cast<std::byte>(1 + random() % 255);
    std::ofstream(folder / "s.h5", std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), std::ssize(bytes));
    EXPECT_NE(test::message_of([&] { SurfaceFile::open(folder / "s.h5", content_of(kGrid), comm); }), "");
    EXPECT_EQ(read_bytes(folder / "s.h5", 1 << 24), bytes);
  }
}

TEST(SurfaceFile, NamesTheFileThatCannotBeWritten) {
  test::OneRank comm;
  const std::string message =
      test::message_of([&] { SurfaceFile::open("/no/such/folder/s.h5", content_of(kGrid), comm); });
  EXPECT_NE(message.find("/no/such/folder"), std::string::npos) << message;
}

/// What plot_2D.py and plot_1D.py of loss-landscape rely on.
TEST(SurfaceFile, HasTheNamesShapesAndOrderThatPlottingScriptsRead) {
  const test::TempFolder folder;
  test::OneRank comm;
  SurfaceFile::open(folder / "s.h5", content_of(kGrid), comm);
  hdf5::read_file(folder / "s.h5", [](const hdf5::Group& root) {
    EXPECT_EQ(root.dataset("xcoordinates").read<double>(9), (std::vector<double>{-1, -0.5, 0, 0.5, 1}));
    EXPECT_EQ(root.dataset("ycoordinates").read<double>(9), (std::vector<double>{0, 1, 2, 3}));
    for (const std::string name : {"train_loss", "train_acc", "test_loss", "test_acc", "status"})
      EXPECT_EQ(root.dataset(name).shape(), (Shape{4, 5})) << name;  // meshgrid(x, y) has [ny,nx]
    EXPECT_EQ(root.dataset("dir_file").read_text(1), std::vector<std::string>{"directions.h5"});
    EXPECT_EQ(root.dataset("dir_file").shape(), Shape{});
    EXPECT_EQ(root.text("order"), "[iy][ix]");
    EXPECT_EQ(root.group("options").text("xnorm"), "filter");
  });
}

TEST(SurfaceFile, OfALineHasOneAxisAndNoYCoordinates) {
  const test::TempFolder folder;
  test::OneRank comm;
  SurfaceFile file =
      SurfaceFile::open(folder / "s.h5", content_of({.x0 = 0, .x1 = 2, .y0 = 0, .nx = 3, .ny = 1}), comm);
  record_all(file, file.pending());
  file.finish();
  hdf5::read_file(folder / "s.h5", [](const hdf5::Group& root) {
    EXPECT_FALSE(root.has_dataset("ycoordinates"));
    EXPECT_EQ(root.dataset("train_loss").read<double>(3), (std::vector<double>{0, 1, 2}));
    EXPECT_EQ(root.dataset("status").shape(), Shape{3});
    EXPECT_EQ(root.text("order"), "[ix]");
  });
  expect_complete(folder / "s.h5");
}

}  // namespace
}  // namespace fedscape
