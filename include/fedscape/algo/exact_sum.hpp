#pragma once

#include <functional>
#include <span>
#include <vector>

#include "fedscape/comm/communicator.hpp"

namespace fedscape {

/// Order-free sums over all ranks, the same bits on every one however the terms are spread. Terms are bounded first by
/// an MPI max of their magnitude, which fixes the scale; see architecture.md, decision 3.
class ExactSum {
 public:
  ExactSum(Stream& stream, Communicator& comm) : stream_(stream), comm_(comm) {}
  /// sums[i] = sum over all ranks and all of their `terms` rows of terms[t,i]. Collective. An Error names what is not
  /// finite. terms [T,n] with T of this rank, sums [n] in host memory.
  void operator()(View<const float> terms, std::span<double> sums);
  /// Totals that ranks have made of their own terms by ops::exact_sum become those of all ranks, for terms that are too
  /// many to be held together. Collective.
  void over_ranks(View<std::int64_t> totals) { comm_.sum(stream_, totals); }
  /// Runs `work` on every rank; an Error that it throws on one reaches all. Collective.
  void run(const std::function<void()>& work) { agree(comm_, work); }

 private:
  Stream& stream_;
  Communicator& comm_;
};

}  // namespace fedscape
