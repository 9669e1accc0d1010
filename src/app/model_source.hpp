#pragma once

#include <string>

#include "fedscape/app/options.hpp"
#include "fedscape/base/fields.hpp"

namespace fedscape {

/// All options that a model was made with, as its file says; see below.
Description stored_options(const std::string& path);

/// The network and data options that a model was made with, as its file says: a run file, or a safetensors file that
/// `fedscape export` wrote. Empty for files from elsewhere.
Description model_options(const std::string& path);

}  // namespace fedscape
