#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fedscape/algo/federated/engine.hpp"
#include "fedscape/data/partition.hpp"
#include "fedscape/io/load_dataset.hpp"
#include "fedscape/nn/zoo.hpp"

/// What several recipes begin with.
namespace fedscape {

/// The clients of a data set.
Clients deal(const Dataset& train, const PartitionOptions& options, std::uint64_t seed);

/// The model that training starts from: the file `init`, or one drawn as options.init says.
std::vector<float> initial_params(const Network& network, const NetworkOptions& options, const std::string& init,
                                  std::uint64_t seed);

/// An Error if the cohort cannot be drawn from so many clients.
void check_cohort(const CohortOptions& options, std::int64_t clients);

/// Removes an output and what lies beside it, where there is any. Collective.
void remove_output(Communicator& comm, const std::string& output);

}  // namespace fedscape
