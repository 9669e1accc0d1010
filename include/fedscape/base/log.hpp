#pragma once

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace fedscape {

/// Log lines go to stderr; only the rank that called enable_log(true) writes information and warnings.
void enable_log(bool enabled);
void log_line(std::string_view text);
void log_warning_line(std::string_view text);

template <class... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
  log_line(fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_warning(fmt::format_string<Args...> format, Args&&... args) {
  log_warning_line(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace fedscape
