#pragma once

#include <string>
#include <vector>

#include "fedscape/algo/landscape/sweep.hpp"
#include "fedscape/app/machine.hpp"
#include "fedscape/app/options.hpp"
#include "fedscape/io/direction_file.hpp"
#include "fedscape/io/load_dataset.hpp"
#include "fedscape/io/run_info.hpp"
#include "fedscape/nn/zoo.hpp"

namespace fedscape {

/// All options of `fedscape landscape sweep`.
struct SweepCommandOptions {
  std::string model, output = "out/surface.h5", x = "-1:1:21", y = "-1:1:21", splits = "test";
  std::string x_model, y_model, direction_file, save_directions, x_norm, y_norm, batch_norm = "frozen",
                                                                                 precision = "float32";
  bool ignore_biasbn = true, states = false, fresh = false;
  std::int64_t seed = 1, models_per_stack = 0;
  double save_seconds = 30;
  DataOptions data;
  NetworkOptions network;
  MachineOptions machine;

  void list(OptionTable& table);
  void check(OptionTable& table);
  Grid grid() const;
  std::vector<std::string> split_names() const;
  /// What the sweep is, but for its data, model and device.
  RunInfo info(const OptionTable& table) const;
};

/// The directions of a sweep: from the direction file, or each random or towards a model.
Directions make_directions(const SweepCommandOptions& options, const ParamLayout& layout,
                           std::span<const float> origin);

}  // namespace fedscape
