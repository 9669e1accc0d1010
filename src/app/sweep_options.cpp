#include "src/app/sweep_options.hpp"

#include "fedscape/base/check.hpp"
#include "fedscape/io/model_file.hpp"
#include "src/app/checks.hpp"
#include "src/app/model_source.hpp"

namespace fedscape {

void SweepCommandOptions::list(OptionTable& table) {
  table.group("Sweep");
  table.field("model", model, "model at the origin: run file (gives network and data, too) or safetensors file");
  table.field("output", output, "surface file (HDF5); its journals lie beside it while the sweep runs");
  table.field("x", x, "first axis: lowest:highest:points, in multiples of the first direction");
  table.field("y", y, "second axis; empty: a line");
  table.field("splits", splits, "what is evaluated at every point: test, train or train,test");
  table.field("batch-norm", batch_norm, "statistics at a point: frozen (the origin's), states (moved), recalibrated");
  table.field("precision", precision, kPrecisionText);
  table.field("save-seconds", save_seconds, "seconds between merges of the journals into the surface file");
  table.field("models-per-stack", models_per_stack,
              "points that one thread evaluates together; 0: one, or on a GPU what fits");
  table.field("fresh", fresh, "start over where the output exists, instead of resuming it");
  table.group("Directions");
  table.field("direction-file", direction_file, "HDF5 file of loss-landscape with the directions; empty: as below");
  table.field("save-directions", save_directions, "write the directions to such a file; empty: do not");
  table.field("x-model", x_model, "first direction to this model; empty: random");
  table.field("y-model", y_model, "second direction to this model; empty: random");
  table.field("x-norm", x_norm, "filter, layer, weight or none; empty: filter for random ones, none for models");
  table.field("y-norm", y_norm, "the same for the second direction");
  table.field("ignore-biasbn", ignore_biasbn, "directions are zero in biases and norm parameters");
  table.field("states", states, "directions to models include batch-norm statistics");
  table.field("seed", seed, "of random directions");
  table.add("Data", data);
  table.add("Network", network, "network");
  table.add("Machine", machine);
}

void SweepCommandOptions::check(OptionTable& table) {
  FEDSCAPE_CHECK(direction_file.empty() || (x_model.empty() && y_model.empty()),
                 "direction-file: either a file of directions or x-model and y-model were expected, not both");
  grid();
  split_names();
  parse_batch_norm_policy(batch_norm);
  parse_precision(precision);
  for (const std::string& norm : {x_norm, y_norm})
    if (!norm.empty()) parse_normalize(norm);
  check_at_least("seed", seed, 0);
  check_at_least("models-per-stack", models_per_stack, 0);
  FEDSCAPE_CHECK(save_seconds >= 0, "save-seconds: 0 or more was expected, not {}", save_seconds);
  FEDSCAPE_CHECK(!output.empty(), "output: the name of a file was expected, not an empty one");
  machine.check();
  table.assume(model_options(model), model);
  check_options(data, table);
}

Grid SweepCommandOptions::grid() const {
  Grid grid;
  parse_axis(x, grid.x0, grid.x1, grid.nx);
  if (y.empty()) {
    grid.y0 = grid.y1 = 0;
    grid.ny = 1;
  } else {
    parse_axis(y, grid.y0, grid.y1, grid.ny);
  }
  return grid;
}

std::vector<std::string> SweepCommandOptions::split_names() const {
  if (splits == "test" || splits == "train") return {splits};
  FEDSCAPE_CHECK(splits == "train,test" || splits == "test,train",
                 "splits: test, train or train,test was expected, not '{}'", splits);
  return {"train", "test"};
}

RunInfo SweepCommandOptions::info(const OptionTable& table) const {
  RunInfo info;
  info.command = "landscape sweep";
  info.options = table.description();
  info.free = {"output", "fresh",   "save-seconds", "models-per-stack", "device", "threads",
               "tuning", "profile", "model",        "x-model",          "y-model"};
  info.build = build_text();
  info.seed = static_cast<std::uint64_t>(seed);
  return info;
}

namespace {

std::vector<float> make_direction(const SweepCommandOptions& o, const ParamLayout& layout,
                                  std::span<const float> origin, const std::string& model, const std::string& norm,
                                  Purpose purpose) {
  if (model.empty())
    return random_direction(layout, origin, parse_normalize(norm.empty() ? "filter" : norm), o.ignore_biasbn,
                            {.seed = static_cast<std::uint64_t>(o.seed), .purpose = purpose});
  return difference_direction(layout, origin, read_model(model, layout), parse_normalize(norm.empty() ? "none" : norm),
                              o.ignore_biasbn && !norm.empty() && norm != "none", o.states);
}

}  // namespace

Directions make_directions(const SweepCommandOptions& options, const ParamLayout& layout,
                           std::span<const float> origin) {
  if (!options.direction_file.empty()) return read_directions(options.direction_file, layout);
  Directions made;
  made.states = options.states;
  made.x = make_direction(options, layout, origin, options.x_model, options.x_norm, Purpose::direction_x);
  if (!options.grid().line())
    made.y = make_direction(options, layout, origin, options.y_model, options.y_norm, Purpose::direction_y);
  return made;
}

}  // namespace fedscape
