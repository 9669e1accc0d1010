#include <gtest/gtest.h>
#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <vector>

#include "fedscape/algo/federated/catalog.hpp"
#include "fedscape/algo/federated/sign_alignment.hpp"
#include "fedscape/algo/federated/wsa.hpp"
#include "fedscape/algo/train.hpp"
#include "tests/algo/federated/federation_case.hpp"

namespace {
std::atomic<std::int64_t> calls_of_new{0};
}

// Every other operator new of the library ends in one of these. Inlined, a delete would look like free(new).
void* operator new(std::size_t size) {
  ++calls_of_new;
  if (void* const data = std::malloc(size ? size : 1)) return data;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  ++calls_of_new;
  const std::size_t a = static_cast<std::size_t>(alignment);
  if (void* const data = std::aligned_alloc(a, (size + a - 1) / a * a)) return data;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++calls_of_new;
  return std::malloc(size ? size : 1);
}
[[gnu::noinline]] void operator delete(void* data) noexcept { std::free(data); }
[[gnu::noinline]] void operator delete(void* data, std::size_t) noexcept { std::free(data); }
[[gnu::noinline]] void operator delete(void* data, std::align_val_t) noexcept { std::free(data); }
[[gnu::noinline]] void operator delete(void* data, std::size_t, std::align_val_t) noexcept { std::free(data); }

namespace fedscape {
namespace {

struct Reading {
  std::uint32_t step;
  std::int64_t calls;
  std::size_t in_use;  // bytes taken from malloc: sees what does not come through operator new
};

/// Takes a reading at every local step of the second round.
class Watching : public Penalty {
 public:
  explicit Watching(std::vector<Reading>& readings) : readings_(readings) {}
  void options(Fields&) override {}
  bool active() const override { return true; }
  void add_gradient(const LocalStep& step, View<float>, View<float>) const override {
    if (step.keys[0].round == 1) readings_.push_back({step.keys[0].step, calls_of_new, mallinfo2().uordblks});
  }

 private:
  std::vector<Reading>& readings_;
};

/// Penalties that have a target, and an election, from the second round on.
void add_penalties(test::FederationCase& setting) {
  auto scopes = std::make_unique<Wsa>();
  auto signs = std::make_unique<SignAlignment>();
  scopes->lambda = signs->gamma = 0.001, signs->elect = true;
  setting.penalties.push_back(std::move(scopes));
  setting.penalties.push_back(std::move(signs));
}

/// Profiled or not.
class SteadyState : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Profiled, SteadyState, testing::Bool());

void expect_steady_steps(std::unique_ptr<FederatedAlgorithm> algorithm, bool profile) {
  std::vector<Reading> readings;
  readings.reserve(1000);
  test::FederationCase setting;
  setting.local.sampling.crop = 1, setting.local.sampling.flip = true;
  setting.algorithm = std::move(algorithm);
  add_penalties(setting);
  setting.penalties.push_back(std::make_unique<Watching>(readings));
  const auto comm = test::alone();
  test::run(*comm, setting, {.rounds = 2, .cohort = {.cohort = 9}, .profile = profile});
  std::size_t pairs = 0;
  for (std::size_t i = 1; i < readings.size(); ++i) {
    if (readings[i].step == 0) continue;  // another client: its memory is loaded in between
    EXPECT_EQ(readings[i].calls, readings[i - 1].calls) << "step " << readings[i].step;
    EXPECT_EQ(readings[i].in_use, readings[i - 1].in_use) << "step " << readings[i].step;
    ++pairs;
  }
  EXPECT_GT(pairs, 20u);
}

TEST_P(SteadyState, AStepOfAnyAlgorithmAllocatesNothing) {
  for (const AlgorithmEntry& entry : algorithms()) {
    SCOPED_TRACE(entry.name);
    expect_steady_steps(entry.make(), GetParam());
  }
}

TEST_P(SteadyState, AStepOfCentralTrainingAllocatesNothing) {
  const test::FederationCase setting;
  TrainOptions options{.epochs = 3, .sampling = {.batch = 30, .crop = 1, .flip = true}};
  options.optimizer.optimizer = "adam", options.optimizer.schedule = "cosine", options.optimizer.clip = 1;
  Stream stream;
  CentralTrainer trainer(stream, setting.network, setting.data, options, 1);
  const std::vector<float> initial = setting.initial();
  copy_to_device(stream, trainer.params().data, initial.data(), initial.size() * sizeof(float));
  Profile profile;
  profile.start();
  if (GetParam()) stream.set_profile(&profile);
  std::vector<Reading> readings;
  readings.reserve(1000);
  trainer.run(stream, {.stop = [&] {
                readings.push_back({0, calls_of_new, mallinfo2().uordblks});
                return false;
              }});
  ASSERT_EQ(readings.size(), 21u);  // 200 samples: 7 steps an epoch, the last of them of 20 samples
  for (std::size_t i = 7; i < readings.size(); ++i) {
    EXPECT_EQ(readings[i].calls, readings[6].calls) << "step " << i;
    EXPECT_EQ(readings[i].in_use, readings[6].in_use) << "step " << i;
  }
}

}  // namespace
}  // namespace fedscape
