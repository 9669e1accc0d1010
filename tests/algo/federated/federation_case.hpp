#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "fedscape/algo/federated/engine.hpp"
#include "fedscape/algo/federated/privacy.hpp"

namespace fedscape::test {

/// A communicator of one rank, without MPI.
std::unique_ptr<Communicator> alone();

/// A small federation that owns what a Federation refers to: a Gaussian mixture in the hands of ragged clients.
struct FederationCase {
  /// `linear`: a linear model; otherwise one hidden layer with batch norm and dropout.
  explicit FederationCase(std::int64_t clients = 9, bool linear = false);

  Federation federation() const;
  std::vector<float> initial() const;

  Dataset data;
  Network network;
  Clients clients;
  std::unique_ptr<FederatedAlgorithm> algorithm;
  std::vector<std::unique_ptr<Penalty>> penalties;
  LocalOptions local;
  std::unique_ptr<Privacy> privacy;
  std::string sampling = "fixed";  // of cohorts
  std::uint64_t seed = 5;
};

/// Sample lists with those of clients `first`, first + 1, ... replaced.
SampleLists replaced(const SampleLists& lists, const std::vector<std::vector<std::int32_t>>& by, std::size_t first = 0);

/// What is left of a run: the model, the server's memory, then the memory of every client that has some, and what
/// personal models are worth where there are some.
struct RunResult {
  std::vector<float> global, memory;
  std::vector<RoundReport> reports;
  PersonalMetrics personal;
};
struct RunOptions {
  int threads = 1;
  std::int64_t rounds = 3;
  CohortOptions cohort = {.cohort = 5};
  bool profile = false;
  bool restart = false;  // every round is a new engine's, which knows what a run file holds
};
/// Runs a federation; `memories` of clients are gathered over the ranks.
RunResult run(Communicator& comm, const FederationCase& setting, const RunOptions& options = {});

/// One round of all clients on one rank: each one's trained model, by id, and what the server then remembers.
struct OneRound {
  std::vector<std::vector<float>> models;
  std::vector<float> memory;
};
/// `memory`: what the server remembers before; empty: as it begins.
OneRound one_round(const FederationCase& setting, std::span<const float> memory = {});

}  // namespace fedscape::test
