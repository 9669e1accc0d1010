#include "fedscape/algo/federated/own_models.hpp"

#include "fedscape/ops/reduce.hpp"

namespace fedscape {

FederatedAlgorithm::Footprint OwnModels::footprint(const Problem& problem) const {
  const std::int64_t p = problem.layout.size();
  return {.client = p, .upload = p, .personal = true};
}

void OwnModels::initial_client_memory(Stream& stream, const Network&, View<const float> global,
                                      View<float> client) const {
  ops::repeat_rows(stream, global, client);
}

void OwnModels::keep(const LocalResult& result, View<float> params) const {
  ops::axpby(result.stream, 1, params, 0, result.block.memory);
}

void OwnModels::personal(const BlockStart& start, View<float> params) const {
  ops::axpby(start.stream, 1, start.block.memory, 0, params);
}

}  // namespace fedscape
