#include "fedscape/base/fields.hpp"

#include <fmt/format.h>

namespace fedscape {

void Describer::field(std::string_view name, std::int64_t& value, std::string_view) {
  out_.emplace_back(name, fmt::format("{}", value));
}
void Describer::field(std::string_view name, double& value, std::string_view) {
  out_.emplace_back(name, fmt::format("{}", value));
}
void Describer::field(std::string_view name, bool& value, std::string_view) {
  out_.emplace_back(name, value ? "true" : "false");
}
void Describer::field(std::string_view name, std::string& value, std::string_view) { out_.emplace_back(name, value); }

}  // namespace fedscape
