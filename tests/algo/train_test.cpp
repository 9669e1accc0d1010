#include "fedscape/algo/train.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "fedscape/data/synthetic.hpp"
#include "fedscape/device/team.hpp"
#include "fedscape/nn/init.hpp"
#include "fedscape/nn/zoo.hpp"
#include "tests/algo/federated/federation_case.hpp"
#include "tests/support/message_of.hpp"

namespace fedscape {
namespace {

using test::FederationCase;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::uint64_t kSeed = 5;

/// 200 samples in batches of 16: 13 steps an epoch, the last one of 8 samples.
TrainOptions small(double epochs) {
  TrainOptions options{.epochs = epochs, .sampling = {.batch = 16}};
  options.optimizer.momentum = 0.9;
  return options;
}

/// A trainer with what it refers to; a network with batch norm and dropout, or a linear one.
struct Training {
  explicit Training(const TrainOptions& options, bool linear = false)
      : setting(9, linear), trainer(stream, setting.network, setting.data, options, kSeed) {
    write(trainer.params(), setting.initial());
  }
  void write(View<float> to, const std::vector<float>& from) {
    copy_to_device(stream, to.data, from.data(), from.size() * sizeof(float));
  }
  std::vector<float> params() { return to_host(stream, trainer.params()); }

  FederationCase setting;
  Stream stream;
  CentralTrainer trainer;
};

std::vector<EpochReport> run(Training& training) {
  std::vector<EpochReport> reports;
  EXPECT_TRUE(training.trainer.run(training.stream, {.epoch = [&](const EpochReport& r) { reports.push_back(r); }}));
  return reports;
}

/// Trains to step `until`, and the rest in another trainer that got the state of the first.
std::vector<EpochReport> run_interrupted(const TrainOptions& options, std::int64_t until, std::vector<float>& params) {
  Training first(options), second(options);
  CentralTrainer& a = first.trainer;
  EXPECT_FALSE(a.run(first.stream, {.stop = [&] { return a.progress().step == until; }}));
  second.write(second.trainer.params(), first.params());
  second.write(second.trainer.moments(), to_host(first.stream, a.moments()));
  second.trainer.restore(a.progress());
  const std::vector<EpochReport> reports = run(second);
  params = second.params();
  return reports;
}

TEST(CentralTrainer, GoesOnToTheSameBitsFromAnyStep) {
  for (const char* optimizer : {"sgd", "adam"}) {
    TrainOptions options = small(3);
    options.optimizer.optimizer = optimizer, options.optimizer.schedule = "cosine";
    options.sampling.crop = 1, options.sampling.flip = true;
    Training whole(options);
    const std::vector<EpochReport> reports = run(whole);
    for (const std::int64_t until : {1, 12, 13, 20, 38}) {  // within epochs, at the end of one, before the last step
      std::vector<float> params;
      const std::vector<EpochReport> rest = run_interrupted(options, until, params);
      EXPECT_EQ(params, whole.params()) << optimizer << " " << until;
      ASSERT_EQ(rest.size(), reports.size() - static_cast<std::size_t>(until / 13));
      for (std::size_t i = 1; i <= rest.size(); ++i)
        EXPECT_EQ(rest[rest.size() - i].train_loss, reports[reports.size() - i].train_loss) << until;
    }
  }
}

/// Parameters after three steps of batches of 72 by `threads` threads: several pieces, the last ones uneven.
std::vector<float> trained_by(int threads, const NetworkOptions& name) {
  const SyntheticOptions images{.train_samples = 216, .side = 16, .channels = 3};
  const Dataset data = planted_images(images, Split::train, kSeed);
  const Network network = build_network(name, data.shape(), data.classes());
  TrainOptions options{.epochs = 1, .sampling = {.batch = 72}};
  options.optimizer.momentum = 0.9;
  Workers workers({}, threads);
  CentralTrainer trainer(workers.stream(), network, data, options, kSeed);
  std::vector<float> initial(static_cast<std::size_t>(network.layout().size()));
  init_params(network, name.init, kSeed, initial);
  copy_to_device(workers.stream(), trainer.params().data, initial.data(), initial.size() * sizeof(float));
  const Team team(workers);
  EXPECT_TRUE(trainer.run(workers.stream()));
  return to_host(workers.stream(), trainer.params());
}

TEST(CentralTrainer, TrainsToTheSameBitsWithAnyTeam) {
  const std::vector<NetworkOptions> networks = {{.name = "resnet8"},
                                                {.name = "resnet8", .norm = "gn"},
                                                {.name = "lenet"},
                                                {.name = "mlp", .hidden = "300,70", .dropout = 0.2},
                                                {.name = "cnn", .dropout = 0.5}};
  for (const NetworkOptions& network : networks) {
    const std::vector<float> alone = trained_by(1, network);
    for (const int threads : {2, 3, 7}) EXPECT_EQ(trained_by(threads, network), alone) << network.name << threads;
  }
}

TEST(CentralTrainer, SeesEachEpochInAnotherOrder) {
  TrainOptions options = small(2);
  options.optimizer.lr = 0;  // then epochs differ in nothing but who shares the last, smaller batch
  Training training(options, true);
  const std::vector<EpochReport> reports = run(training);
  EXPECT_NE(reports[0].train_loss, reports[1].train_loss);
}

TEST(CentralTrainer, IsFedAvgOfOneClientThatHoldsEverything) {
  Training central(small(1));
  run(central);
  FederationCase federated(0);
  std::vector<std::int32_t> everything(200);
  std::iota(everything.begin(), everything.end(), 0);
  federated.clients = {.train = {}, .test = {{}}};
  federated.clients.train.add(everything);
  federated.local.sampling = small(1).sampling, federated.local.optimizer = small(1).optimizer;
  federated.local.epochs = 1, federated.seed = kSeed;
  const auto comm = test::alone();
  const test::RunResult result = test::run(*comm, federated, {.rounds = 1, .cohort = {.cohort = 1}});
  const std::vector<float> before = federated.initial(), after = central.params();
  ASSERT_EQ(result.global.size(), after.size());
  for (std::size_t i = 0; i < after.size(); ++i) {
    // after - before is rounded to a float, then to 2^-44 by the exact sum, then added to before.
    const double unit = std::numeric_limits<float>::epsilon() / 2, a = double(after[i]), b = double(before[i]);
    EXPECT_NEAR(result.global[i], a, unit * (std::abs(a - b) + std::abs(a)) * (1 + 4 * unit) + 0x1p-44) << i;
  }
  EXPECT_NE(before, after);
}

TEST(CentralTrainer, Learns) {
  Training training(small(6));
  const std::vector<EpochReport> reports = run(training);
  ASSERT_EQ(reports.size(), 6u);
  EXPECT_LT(reports[5].train_loss, 0.6 * reports[0].train_loss);
  EXPECT_GT(reports[5].train_loss, 0);
}

TEST(CentralTrainer, ReportsTheScheduleOfItsSteps) {
  TrainOptions options = small(2.5);
  options.optimizer.schedule = "cosine", options.optimizer.warmup = 0.5;
  Training training(options);
  const std::vector<EpochReport> reports = run(training);
  ASSERT_EQ(reports.size(), 3u);
  EXPECT_EQ(training.trainer.progress().step, 32);  // floor(2.5 * 13)
  const std::vector<std::int64_t> steps = {13, 13, 6};
  std::int64_t done = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    done += steps[i];
    EXPECT_EQ(reports[i].epoch, static_cast<std::int64_t>(i) + 1);
    EXPECT_EQ(reports[i].steps, steps[i]);
    EXPECT_DOUBLE_EQ(reports[i].lr, scheduled_lr(options.optimizer, double(done - 1) / 13, 2.5, 1.0 / 13));
  }
}

TEST(CentralTrainer, TakesSnapshotsOfItsTrajectory) {
  TrainOptions options = small(4.5);
  options.snapshot_every = 2;
  Training training(options);
  std::vector<double> epochs;
  std::vector<std::vector<float>> models;
  training.trainer.run(training.stream, {.snapshot = [&](double epoch, View<const float> params) {
                         epochs.push_back(epoch);
                         models.push_back(to_host(training.stream, params));
                       }});
  EXPECT_THAT(epochs, ElementsAre(0, 2, 4, 58.0 / 13));  // 58 = floor(4.5 * 13)
  EXPECT_EQ(models.front(), training.setting.initial());
  EXPECT_EQ(models.back(), training.params());
  Training two_epochs(small(2));
  run(two_epochs);
  EXPECT_EQ(models[1], two_epochs.params());
}

TEST(CentralTrainer, NamesEpochAndStepOfALossThatIsNotFinite) {
  Training training(small(3));
  training.write(training.trainer.params(), std::vector<float>(training.params().size(), std::nanf("")));
  training.trainer.restore({.step = 16, .loss = 0});
  EXPECT_THAT(test::message_of([&] { run(training); }), HasSubstr("epoch 2, step 4 of 13: the loss is not finite"));
}

TEST(CentralTrainer, NamesTheEpochThatLeavesParametersNotFinite) {
  TrainOptions options = small(1.0 / 13);  // one step, whose loss is fine
  options.optimizer.lr = 1e30, options.optimizer.weight_decay = 1e30;
  Training training(options);
  EXPECT_THAT(test::message_of([&] { run(training); }), HasSubstr("epoch 1, step 1 of 13: a parameter is not finite"));
}

TEST(CentralTrainer, RefusesDataAndStatesThatDoNotFit) {
  Training training(small(1));
  EXPECT_THAT(test::message_of([&] { training.trainer.restore({.step = 14}); }), HasSubstr("after step 14 of 13"));
  const Dataset other("other", {1, 1, 5}, 4, std::vector<float>(5), {0});
  EXPECT_THAT(test::message_of([&] { CentralTrainer(training.stream, training.setting.network, other, small(1), 1); }),
              HasSubstr("other holds samples"));
}

TEST(TrainOptions, OutOfRangeAreNamed) {
  const auto refusal = [](const TrainOptions& options) { return test::message_of([&] { options.check(); }); };
  EXPECT_EQ(refusal({}), "");
  EXPECT_THAT(refusal({.epochs = -1}), HasSubstr("epochs = -1"));
  EXPECT_THAT(refusal({.epochs = std::nan("")}), HasSubstr("epochs = nan"));
  EXPECT_THAT(refusal({.snapshot_every = -1}), HasSubstr("snapshot_every = -1"));
  EXPECT_THAT(refusal({.sampling = {.batch = 0}}), HasSubstr("batch = 0"));
  EXPECT_THAT(refusal({.sampling = {.last_batch = "kep"}}), HasSubstr("did you mean 'keep'"));
  EXPECT_THAT(refusal({.sampling = {.crop = -1}}), HasSubstr("crop = -1"));
  EXPECT_THAT(refusal({.optimizer = {.lr = -1}}), HasSubstr("lr is -1"));
}

}  // namespace
}  // namespace fedscape
