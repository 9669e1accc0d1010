#include "fedscape/algo/federated/local_slots.hpp"

#include "fedscape/ops/reduce.hpp"

namespace fedscape {

namespace {

/// Calls f(where the slot begins in a model, where in the memory of a client, its shape [n]) for every local slot.
template <class F>
void for_each_local(const LocalSlots& algorithm, const ParamLayout& layout, F&& f) {
  std::int64_t remembered = 0;
  for (const ParamSlot& slot : layout.slots()) {
    if (!algorithm.is_local(slot)) continue;
    f(slot.offset, remembered, Shape{slot.size()});
    remembered += slot.size();
  }
}

/// n floats of row m, from `begin` on.
template <class T>
View<T> part(const View<T>& rows, std::int64_t m, std::int64_t begin, const Shape& n) {
  return {rows.data + m * rows.shape[1] + begin, n};
}

}  // namespace

FederatedAlgorithm::Footprint LocalSlots::footprint(const Problem& problem) const {
  Footprint size{.upload = problem.layout.size(), .personal = true};
  for_each_local(*this, problem.layout, [&](std::int64_t, std::int64_t, const Shape& n) { size.client += n.size(); });
  return size;
}

void LocalSlots::initial_client_memory(Stream& stream, const Network& network, View<const float> global,
                                       View<float> client) const {
  for_each_local(*this, network.layout(), [&](std::int64_t in_model, std::int64_t in_memory, const Shape& n) {
    ops::axpby(stream, 1, part(global, 0, in_model, n), 0, part(client, 0, in_memory, n));
  });
}

void LocalSlots::start(const BlockStart& start, View<float> params) const {
  for_each_local(*this, start.network.layout(), [&](std::int64_t in_model, std::int64_t in_memory, const Shape& n) {
    for (std::int64_t m = 0; m < params.shape[0]; ++m)
      ops::axpby(start.stream, 1, part(start.block.memory, m, in_memory, n), 0, part(params, m, in_model, n));
  });
}

void LocalSlots::upload(const LocalResult& result, View<float> upload) const {
  FederatedAlgorithm::upload(result, upload);
  for_each_local(*this, result.network.layout(), [&](std::int64_t in_model, std::int64_t in_memory, const Shape& n) {
    for (std::int64_t m = 0; m < upload.shape[0]; ++m) {
      ops::axpby(result.stream, 1, part(result.params, m, in_model, n), 0, part(result.block.memory, m, in_memory, n));
      ops::fill(result.stream, 0.0f, part(upload, m, in_model, n));
    }
  });
}

}  // namespace fedscape
