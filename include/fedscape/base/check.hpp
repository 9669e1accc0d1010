#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>

namespace fedscape {

/// The one exception type: a caller's mistake, bad input, or a foreign call that failed. `what()` names what was
/// expected and what came. Nobody catches it but `main`, `agree` (comm/communicator.hpp) and, where an algorithm
/// diverged, comparisons.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

[[noreturn]] void fail(const std::string& message);

}  // namespace fedscape

/// Throws Error with the formatted message unless the condition holds. On in every build.
#define FEDSCAPE_CHECK(condition, ...)              \
  do {                                              \
    if (!(condition)) [[unlikely]]                  \
      ::fedscape::fail(::fmt::format(__VA_ARGS__)); \
  } while (false)
