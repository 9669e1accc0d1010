#include "fedscape/algo/federated/fedopt.hpp"

#include <array>
#include <string_view>

#include "fedscape/base/suggest.hpp"
#include "fedscape/ops/reduce.hpp"
#include "fedscape/ops/server_step.hpp"

namespace fedscape {

namespace {

using Kind = ops::ServerStep::Kind;
constexpr std::array<std::string_view, 4> kKinds = {"momentum", "adagrad", "adam", "yogi"};  // in the order of Kind

Kind kind_of(std::string_view name) {
  for (std::size_t i = 0; i < kKinds.size(); ++i)
    if (kKinds[i] == name) return static_cast<Kind>(i);
  fail(fmt::format("server_optimizer = '{}'{}", name, suggestion(name, kKinds)));
}

}  // namespace

void FedOpt::options(Fields& f) {
  f.field("server_optimizer", kind, "FedOpt: adam, yogi, adagrad or momentum");
  f.field("server_lr", server_lr, "FedOpt: learning rate of the server");
  f.field("server_beta1", beta1, "FedOpt: decay of the first moment");
  f.field("server_beta2", beta2, "FedOpt: decay of the second moment (adam, yogi)");
  f.field("server_tau", tau, "FedOpt: added to the root of the second moment");
}

FederatedAlgorithm::Footprint FedOpt::footprint(const Problem& problem) const {
  const std::int64_t p = problem.layout.size();
  return {.server = kind_of(kind) == Kind::momentum ? p : 2 * p, .upload = p};
}

void FedOpt::initial_memory(Stream& stream, View<const float> global, View<float> server) const {
  const std::int64_t p = global.size();
  if (server.size() == 2 * p) ops::fill(stream, static_cast<float>(tau * tau), part(server, 0, {p, 2 * p}));
}

void FedOpt::server_update(const ServerStep& step) const {
  const ops::ServerStep rates{kind_of(kind), static_cast<float>(server_lr), static_cast<float>(beta1),
                              static_cast<float>(beta2), static_cast<float>(tau)};
  const std::int64_t p = step.global.size();
  move_global(step, 0);  // statistics alone
  for (const auto& run : step.network.layout().trained()) {
    View<float> v;
    if (rates.kind != Kind::momentum) v = part(step.memory, 0, {p + run.first, p + run.second});
    ops::server_step(step.stream, rates, part(step.mean, 0, run), part(step.memory, 0, run), v,
                     part(step.global, 0, run));
  }
}

}  // namespace fedscape
