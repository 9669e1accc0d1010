#include "src/algo/federated/round_plan.hpp"

#include <cmath>
#include <limits>
#include <unordered_map>

#include "fedscape/algo/federated/privacy.hpp"
#include "fedscape/base/at.hpp"

namespace fedscape {

namespace {

/// The weight of each client, where noise on the sum takes them to be alike.
double uniform_weight(const RoundPlan& plan, double expected) {
  const double weight = expected > 0 ? 1 / expected : plan.all.front().weight;
  for (const Work& work : plan.all)
    FEDSCAPE_CHECK(work.weight == weight, "privacy.noise: weights of {:.4g} were expected, but client {} has {:.4g}",
                   weight, work.id, work.weight);
  return weight;
}

/// The clients of this rank.
void deal(RoundPlan& plan, bool at_home, const Communicator& comm) {
  std::vector<ClientId> addresses;
  std::vector<std::int64_t> steps;
  std::unordered_map<ClientId, std::size_t> where;
  for (const Work& work : plan.all) {
    where[work.address] = addresses.size();
    addresses.push_back(work.address);
    steps.push_back(work.steps);
  }
  for (const ClientId address : share(addresses, steps, at_home, comm.rank(), comm.size())) {
    plan.mine.push_back(plan.all[where[address]]);
    plan.ids.push_back(plan.mine.back().id);
  }
}

}  // namespace

RoundPlan plan_round(const Federation& federation, std::span<const Stage> stages, const Cohort& cohort,
                     std::int64_t round, bool at_home, const Communicator& comm) {
  const LocalOptions& local = federation.local;
  RoundPlan plan;
  double total = 0;
  for (std::size_t i = 0; i < cohort.ids.size(); ++i) {
    const ClientId id = cohort.ids[i];
    FEDSCAPE_CHECK(id >= 0 && id < federation.clients.size(), "client {} of {}", id, federation.clients.size());
    const auto samples = static_cast<std::int64_t>(federation.clients.train[at(id)].size());
    const double weight = federation.algorithm.weight(samples, local.weights == "samples");
    FEDSCAPE_CHECK(weight >= 0 && std::isfinite(weight), "client {} has weight {}", id, weight);
    const int times = cohort.times[i], trained = local.train_repeats ? times : 1;
    FEDSCAPE_CHECK(trained * federation.clients.size() <= std::numeric_limits<ClientId>::max(),
                   "client {} is to be trained {} times in a round", id, trained);
    for (int n = 0; n < trained; ++n)
      plan.all.push_back({id, static_cast<ClientId>(id + n * federation.clients.size()), local.steps(samples),
                          local.train_repeats ? weight : weight * times});
    total += weight * times;
    plan.report.samples += samples;
    plan.test_samples += static_cast<std::int64_t>(federation.clients.test[at(id)].size());
  }
  FEDSCAPE_CHECK(total > 0 || cohort.expected > 0, "the weights of the {} clients of a round add up to {}",
                 cohort.ids.size(), total);
  for (Work& work : plan.all) {
    plan.weights.push_back(work.weight / total), plan.steps.push_back(sending_steps(stages, work.steps));
    work.weight /= cohort.expected > 0 ? cohort.expected : total;
    plan.report.steps += plan.steps.back();
  }
  const double clients = cohort.expected > 0 ? cohort.expected : static_cast<double>(cohort.ids.size());
  plan.participation = clients / static_cast<double>(federation.clients.size());
  plan.report.round = round + 1;
  plan.report.clients = static_cast<std::int64_t>(cohort.ids.size());
  plan.report.lr = scheduled_lr(local.optimizer, static_cast<double>(round), static_cast<double>(federation.rounds));
  if (federation.privacy != nullptr && federation.privacy->noises_sum())
    plan.weight = uniform_weight(plan, cohort.expected);
  deal(plan, at_home, comm);
  return plan;
}

}  // namespace fedscape
