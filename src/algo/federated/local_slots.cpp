#include "fedscape/algo/federated/local_slots.hpp"

#include "fedscape/ops/reduce.hpp"

namespace fedscape {

namespace {

/// Calls f(where the slot is in a model, where in the memory of a client) for every local slot.
template <class F>
void for_each_local(const LocalSlots& algorithm, const ParamLayout& layout, F&& f) {
  std::int64_t remembered = 0;
  for (const ParamSlot& slot : layout.slots()) {
    if (!algorithm.is_local(slot)) continue;
    f(ParamRun(slot.offset, slot.offset + slot.size()), ParamRun(remembered, remembered + slot.size()));
    remembered += slot.size();
  }
}

}  // namespace

FederatedAlgorithm::Footprint LocalSlots::footprint(const Problem& problem) const {
  Footprint size{.upload = problem.layout.size(), .personal = true};
  for_each_local(*this, problem.layout, [&](ParamRun, ParamRun in_memory) { size.client = in_memory.second; });
  return size;
}

void LocalSlots::initial_client_memory(Stream& stream, const Network& network, View<const float> global,
                                       View<float> client) const {
  for_each_local(*this, network.layout(), [&](ParamRun in_model, ParamRun in_memory) {
    ops::axpby(stream, 1, part(global, 0, in_model), 0, part(client, 0, in_memory));
  });
}

void LocalSlots::start(const BlockStart& start, View<float> params) const {
  if (start.stage > 0) return;  // what the stage before made of them is not remembered yet
  for_each_local(*this, start.network.layout(), [&](ParamRun in_model, ParamRun in_memory) {
    for (std::int64_t m = 0; m < params.shape[0]; ++m)
      ops::axpby(start.stream, 1, part(start.block.memory, m, in_memory), 0, part(params, m, in_model));
  });
}

void LocalSlots::upload(const LocalResult& result, View<float> upload) const {
  FederatedAlgorithm::upload(result, upload);
  for_each_local(*this, result.network.layout(), [&](ParamRun in_model, ParamRun in_memory) {
    for (std::int64_t m = 0; m < upload.shape[0]; ++m) {
      ops::axpby(result.stream, 1, part(result.params, m, in_model), 0, part(result.block.memory, m, in_memory));
      ops::fill(result.stream, 0.0f, part(upload, m, in_model));
    }
  });
}

}  // namespace fedscape
