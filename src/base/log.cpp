#include "fedscape/base/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace fedscape {

namespace {

spdlog::logger& logger() {
  static spdlog::logger instance = [] {
    spdlog::logger made("fedscape", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made.set_pattern("%v");
    made.set_level(spdlog::level::off);
    return made;
  }();
  return instance;
}

}  // namespace

void enable_log(bool enabled) { logger().set_level(enabled ? spdlog::level::info : spdlog::level::off); }
void log_line(std::string_view text) { logger().info("{}", text); }
void log_warning_line(std::string_view text) { logger().warn("warning: {}", text); }

}  // namespace fedscape
