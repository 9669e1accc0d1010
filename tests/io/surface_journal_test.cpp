#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <random>

#include "tests/io/small_surface.hpp"
#include "tests/support/message_of.hpp"
#include "tests/support/one_rank.hpp"
#include "tests/support/temp_folder.hpp"

/// What is left of a surface whose process died.
namespace fedscape {
namespace {

using test::content_of, test::expect_complete, test::kGrid, test::metrics_of, test::record_all;

TEST(SurfaceFile, GoesOnAfterACrashWithTheJournalsOfAnyRanks) {
  const test::TempFolder folder;
  test::OneRank comm;
  SurfaceFile::open(folder / "s.h5", content_of(kGrid), comm);
  for (const int rank : {0, 3, 12}) {
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

}  // namespace
}  // namespace fedscape
