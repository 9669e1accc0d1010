#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fedscape/io/load_dataset.hpp"
#include "tests/comm/mpi_test.hpp"

namespace fedscape {
namespace {

using test::world;

TEST(LoadShared, EveryRankSeesTheSameDataInOneCopy) {
  DataOptions options;
  options.data = "images";
  options.synthetic.test_samples = 30;
  options.synthetic.owners = 3;
  const Dataset alone = load_dataset(options, Split::test);
  const Dataset shared = load_shared(world(), options, Split::test);
  EXPECT_EQ(shared.hash(), alone.hash());
  EXPECT_EQ(shared.source(), alone.source());
  EXPECT_EQ(shared.classes(), alone.classes());
  EXPECT_EQ(shared.users, alone.users);
  EXPECT_EQ(shared.user_names, alone.user_names);
  EXPECT_EQ(shared.mean, alone.mean);
  EXPECT_EQ(shared.deviation, alone.deviation);
  world().barrier();
}

TEST(LoadShared, AFailureOfTheRankThatReadsIsEverybodys) {
  DataOptions options;
  options.data = "cifar10";
  options.data_path = "/nowhere";
  EXPECT_THROW(load_shared(world(), options, Split::test), AgreedError);
}

}  // namespace
}  // namespace fedscape
