#pragma once

#include <memory>

#include "fedscape/app/command.hpp"

/// The commands, each in the file of its name.
namespace fedscape {

std::unique_ptr<Command> make_data_summary();
std::unique_ptr<Command> make_evaluate();
std::unique_ptr<Command> make_export();
std::unique_ptr<Command> make_fl_compare();
std::unique_ptr<Command> make_fl_run();
std::unique_ptr<Command> make_fl_calibrate();
std::unique_ptr<Command> make_import();
std::unique_ptr<Command> make_landscape_sweep();
std::unique_ptr<Command> make_list();
std::unique_ptr<Command> make_pan_align();
std::unique_ptr<Command> make_pan_shuffle();
std::unique_ptr<Command> make_plot();
std::unique_ptr<Command> make_train();
std::unique_ptr<Command> make_tune();

}  // namespace fedscape
