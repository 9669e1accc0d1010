#pragma once

#include <memory>

#include "fedscape/app/command.hpp"

/// The commands, each in the file of its name.
namespace fedscape {

std::unique_ptr<Command> make_list();

}  // namespace fedscape
