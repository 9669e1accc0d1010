#pragma once

#include <span>

#include "src/app/fl_options.hpp"

namespace fedscape {

/// Prints memory per rank, bytes per round and the time the run will take, from a few real steps and evaluations.
/// Collective.
void print_estimate(Workers& workers, Communicator& comm, const Federation& federation, const FlOptions& options,
                    const Engine& engine, std::span<const float> initial, const Dataset& test);

}  // namespace fedscape
