#pragma once

#include <filesystem>

#include "fedscape/ops/tuning.hpp"

namespace fedscape {

/// A tuning as JSON: "format", "device", "libraries", and "products", each with pass (forward, backward_data,
/// backward_weights), precision (float32, tf32), batch, the pairs [rows, columns] size, kernel, stride, padding and
/// dilation, channels, filters, groups, own_seconds, library_seconds (0: the library cannot do it) and library (whether
/// it is taken).
void write_tuning(const std::filesystem::path& path, const Tuning& tuning);
/// An Error names the product and what was expected of it.
Tuning read_tuning(const std::filesystem::path& path);

}  // namespace fedscape
