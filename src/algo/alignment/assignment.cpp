#include "fedscape/algo/alignment/assignment.hpp"

#include <lemon/network_simplex.h>
#include <lemon/smart_graph.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "fedscape/base/check.hpp"

namespace fedscape {

namespace {

/// Costs as the simplex wants them, whole numbers. One more than n fits between two of them, for the places kept.
class WholeCosts {
 public:
  WholeCosts(std::span<const double> cost, int n) : cost_(cost), n_(n) {
    const auto [least, largest] = std::minmax_element(cost.begin(), cost.end());
    FEDSCAPE_CHECK(std::isfinite(*least) && std::isfinite(*largest), "assignment: a cost that is not finite");
    least_ = *least;
    // Potentials reach the number of nodes times the largest cost, and must stay below 2^62.
    const double levels = 0x1p60 / (2.0 * (n + 2) * (n + 2));
    scale_ = *largest > *least ? levels / (*largest - *least) : 0;
  }
  std::int64_t operator()(int i, int j) const {
    const double above =
        (cost_[static_cast<std::size_t>(i) * static_cast<std::size_t>(n_) + static_cast<std::size_t>(j)] - least_) *
        scale_;
    return std::llrint(above) * (n_ + 1) + (i == j ? 0 : 1);
  }

 private:
  std::span<const double> cost_;
  int n_;
  double least_, scale_;
};

}  // namespace

std::vector<int> cheapest_assignment(std::span<const double> cost, int n) {
  FEDSCAPE_CHECK(n > 0 && n <= 16384 && static_cast<std::int64_t>(cost.size()) == std::int64_t{n} * n,
                 "assignment: {} costs for {} by {}; at most 16384", cost.size(), n, n);
  for (const double c : cost) FEDSCAPE_CHECK(std::isfinite(c), "assignment: a cost that is not finite");
  const WholeCosts whole(cost, n);
  using Graph = lemon::SmartDigraph;
  using Simplex = lemon::NetworkSimplex<Graph, int, std::int64_t>;
  Graph graph;
  graph.reserveNode(2 * n);
  graph.reserveArc(n * n);
  for (int i = 0; i < 2 * n; ++i) graph.addNode();
  Graph::ArcMap<std::int64_t> costs(graph);
  Graph::NodeMap<int> supply(graph);
  for (int i = 0; i < n; ++i) {
    supply[graph.nodeFromId(i)] = 1;
    supply[graph.nodeFromId(n + i)] = -1;
    for (int j = 0; j < n; ++j) costs[graph.addArc(graph.nodeFromId(i), graph.nodeFromId(n + j))] = whole(i, j);
  }
  Simplex simplex(graph);
  const auto outcome = simplex.costMap(costs).supplyMap(supply).run();
  FEDSCAPE_CHECK(outcome == Simplex::OPTIMAL, "assignment: LEMON gave up");
  std::vector<int> assigned(static_cast<std::size_t>(n), -1);
  for (Graph::ArcIt arc(graph); arc != lemon::INVALID; ++arc)
    if (simplex.flow(arc) > 0)
      assigned[static_cast<std::size_t>(graph.id(graph.source(arc)))] = graph.id(graph.target(arc)) - n;
  return assigned;
}

}  // namespace fedscape
