#include <gtest/gtest.h>

#include "fedscape/io/surface_file.hpp"
#include "tests/comm/mpi_test.hpp"
#include "tests/support/message_of.hpp"

namespace fedscape {
namespace {

const SurfaceFile::Content kContent{.info = {.command = "landscape sweep", .options = {{"x", "-1:1:9"}}},
                                    .grid = {.nx = 9, .ny = 7},
                                    .splits = {"test"},
                                    .dir_file = ""};

/// Records the pending points whose number, as of this call, is `first`, first + step, ...
void record_share(SurfaceFile& file, std::size_t first, std::size_t step) {
  for (std::size_t i = first; i < file.pending().size(); i += step) {
    const Point p = file.pending()[i];
    file.record(p, std::vector<Metrics>{{.loss = 10.0 * p.iy + p.ix, .count = 1}});
  }
}

/// Ranks of comm record every second of their share of the pending points; nobody calls finish(), as after a kill.
void die_half_way(const std::filesystem::path& path, Communicator& comm) {
  SurfaceFile file = SurfaceFile::open(path, kContent, comm, 1000);
  record_share(file, static_cast<std::size_t>(2 * comm.rank()), static_cast<std::size_t>(2 * comm.size()));
}

TEST(SurfaceFileOverRanks, GathersThePointsOfAllRanksAndOfRanksThatDied) {
  const test::SharedFolder folder;
  const std::filesystem::path path = folder / "s.h5";
  std::int64_t left = kContent.grid.points();
  for (const int ranks : {4, 2, 3}) {
    test::on_ranks(ranks, [&](Communicator& comm) { die_half_way(path, comm); });
    test::world().barrier();
    left -= (left + 1) / 2;  // points 0, 2, 4... of those that were left
  }
  SurfaceFile file = SurfaceFile::open(path, kContent, test::world());
  EXPECT_EQ(std::ssize(file.pending()), left);
  record_share(file, static_cast<std::size_t>(test::world().rank()), static_cast<std::size_t>(test::world().size()));
  file.finish();
  EXPECT_TRUE(file.pending().empty());
  test::world().barrier();
  const Surface surface = read_surface(path);
  for (int iy = 0; iy < 7; ++iy)
    for (int ix = 0; ix < 9; ++ix) EXPECT_EQ(surface.field("test_loss").values[surface.at({ix, iy})], 10.0 * iy + ix);
}

TEST(SurfaceFileOverRanks, ARefusalOfRankZeroIsEverybodys) {
  const test::SharedFolder folder;
  SurfaceFile::open(folder / "s.h5", kContent, test::world());
  SurfaceFile::Content other = kContent;
  other.info.options[0].second = "-1:1:11";
  EXPECT_THROW(SurfaceFile::open(folder / "s.h5", other, test::world()), AgreedError);
}

}  // namespace
}  // namespace fedscape
