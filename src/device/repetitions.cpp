#include "fedscape/device/repetitions.hpp"

#include <algorithm>

#include "fedscape/device/cuda.hpp"

namespace fedscape {

namespace {
constexpr std::size_t kMostGraphs = 32;
}

struct Repetitions::Graph {
  enum class State { once, repeats, never };  // done once; put together; cannot be
  Key key;
  std::pair<std::size_t, std::size_t> place;  // of the arena, whose memory the work uses
  State state = State::once;
  std::unique_ptr<cuda::Graph, void (*)(cuda::Graph*) noexcept> graph{nullptr, cuda::destroy_graph};
};

Repetitions::Repetitions() = default;
Repetitions::~Repetitions() = default;

void Repetitions::repeat(Stream& stream, const Key& key, const std::function<void()>& work) {
  const auto place = stream.arena().place();
  const auto known = std::find_if(graphs_.begin(), graphs_.end(),
                                  [&](const auto& graph) { return graph->key == key && graph->place == place; });
  if (known == graphs_.end()) {
    work();
    if (graphs_.size() == kMostGraphs) graphs_.pop_back();
    graphs_.insert(graphs_.begin(), std::make_unique<Graph>(Graph{.key = key, .place = place}));
    return;
  }
  std::rotate(graphs_.begin(), known, known + 1);
  Graph& graph = *graphs_.front();
  if (graph.state == Graph::State::once) {
    graph.graph.reset(cuda::capture(stream.cuda(), work));
    graph.state = graph.graph ? Graph::State::repeats : Graph::State::never;
  }
  if (graph.state == Graph::State::never) return work();
  cuda::launch(stream.cuda(), *graph.graph);
  ++launches_;
}

}  // namespace fedscape
