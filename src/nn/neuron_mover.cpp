#include "fedscape/nn/neuron_mover.hpp"
#include "fedscape/base/at.hpp"

#include <algorithm>

namespace fedscape {

namespace {

/// out[r][p][c] = in[rows[r]][p][columns[c]].
void gather(std::span<const std::int64_t> rows, std::span<const std::int64_t> columns, std::span<const float> in,
            std::span<float> out) {
  const std::size_t width = columns.size(), row = in.size() / rows.size();
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const std::span<const float> source = in.subspan(at(rows[r]) * row, row);
    const std::span<float> target = out.subspan(r * row, row);
    for (std::size_t begin = 0; begin < row; begin += width)
      for (std::size_t c = 0; c < width; ++c) target[begin + c] = source[begin + at(columns[c])];
  }
}

}  // namespace

NeuronMover::NeuronMover(const Neurons& neurons)
    : neurons_(neurons), group_of_(at(neurons.size())), taken_(at(neurons.size())) {
  for (std::size_t g = 0; g < neurons.groups().size(); ++g)
    for (const int neuron : neurons.groups()[g].neurons) group_of_[at(neuron)] = g;
  std::size_t longest = 1;
  for (const Neurons::Axis& axis : neurons.axes()) {
    places_.push_back(places_of(axis, neurons.size()));
    longest = std::max(longest, axis.neurons.size());
  }
  rows_.reserve(longest), columns_.reserve(longest);
}

NeuronMover::Places NeuronMover::places_of(const Neurons::Axis& axis, int neurons) {
  Places places;
  places.first.resize(at(neurons) + 1), places.nth.resize(axis.neurons.size());
  for (std::size_t i = 0; i < axis.neurons.size(); ++i)
    if (axis.neurons[i] != Neurons::kFixed) places.nth[i] = places.first[at(axis.neurons[i]) + 1]++;
  for (std::size_t n = 1; n < places.first.size(); ++n) places.first[n] += places.first[n - 1];
  places.all.resize(at(places.first.back()));
  for (std::size_t i = 0; i < axis.neurons.size(); ++i)
    if (axis.neurons[i] != Neurons::kFixed)
      places.all[at(places.first[at(axis.neurons[i])] + places.nth[i])] = static_cast<std::int64_t>(i);
  return places;
}

void NeuronMover::check(std::span<const int> from) {
  FEDSCAPE_CHECK(std::ssize(from) == neurons_.size(), "a permutation of {} for {} neurons", from.size(),
                 neurons_.size());
  std::fill(taken_.begin(), taken_.end(), false);
  for (std::size_t i = 0; i < from.size(); ++i) {
    const int source = from[i];
    FEDSCAPE_CHECK(
        source >= 0 && source < neurons_.size() && group_of_[at(source)] == group_of_[i] && !taken_[at(source)],
        "neurons of {} do not change places among themselves", neurons_.groups()[group_of_[i]].name);
    taken_[at(source)] = true;
  }
}

/// For every index along an axis the one that its values come from: that of the neuron which takes its place, the k-th
/// of them for the k-th where a neuron has several.
void NeuronMover::find_sources(std::size_t axis, std::span<const int> from, std::vector<std::int64_t>& sources) const {
  const std::vector<int>& neurons = neurons_.axes()[axis].neurons;
  const Places& places = places_[axis];
  sources.resize(neurons.size());
  for (std::size_t i = 0; i < neurons.size(); ++i)
    sources[i] = neurons[i] == Neurons::kFixed ? static_cast<std::int64_t>(i)
                                               : places.all[at(places.first[at(from[at(neurons[i])])] + places.nth[i])];
}

void NeuronMover::permute(std::span<const int> from, std::span<const float> params, std::span<float> out) {
  check(from);
  const ParamLayout& layout = neurons_.layout();
  FEDSCAPE_CHECK(std::ssize(params) == layout.size() && out.size() == params.size() && out.data() != params.data(),
                 "{} parameters to {} for a network of {}", params.size(), out.size(), layout.size());
  std::copy(params.begin(), params.end(), out.begin());
  const std::span<const Neurons::Axis> axes = neurons_.axes();
  for (std::size_t a = 0; a < axes.size(); ++a) {
    const ParamSlot& slot = layout[axes[a].slot];
    find_sources(a, from, rows_);
    columns_.assign(1, 0);
    if (a + 1 < axes.size() && axes[a + 1].last) find_sources(++a, from, columns_);
    gather(rows_, columns_, params.subspan(at(slot.offset), at(slot.size())),
           out.subspan(at(slot.offset), at(slot.size())));
  }
}

}  // namespace fedscape
