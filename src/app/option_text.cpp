#include "src/app/option_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>

#include "fedscape/base/check.hpp"

namespace fedscape {

namespace {

template <class T>
T number(const std::string& text, const std::string& origin, std::string_view expected) {
  T value{};
  const char* const begin = text.data() + (text.size() > 1 && text[0] == '+' ? 1 : 0);
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(begin, end, value);
  FEDSCAPE_CHECK(error == std::errc{} && stop == end, "{}: {} was expected, not '{}'", origin, expected, shown(text));
  return value;
}

}  // namespace

std::string shown(std::string_view text) {
  std::string result;
  for (const char c : text.substr(0, 60)) result += c >= ' ' && c <= '~' ? std::string(1, c) : std::string("?");
  return text.size() > 60 ? result + "..." : result;
}

void convert(const std::string& text, const std::string& origin, std::int64_t& value) {
  value = number<std::int64_t>(text, origin, "a whole number");
}
void convert(const std::string& text, const std::string& origin, double& value) {
  const double parsed = number<double>(text, origin, "a number");
  FEDSCAPE_CHECK(std::isfinite(parsed), "{}: a finite number was expected, not '{}'", origin, shown(text));
  value = parsed;
}
void convert(const std::string& text, const std::string& origin, bool& value) {
  const bool yes = text == "true" || text == "yes" || text == "on" || text == "1";
  FEDSCAPE_CHECK(yes || text == "false" || text == "no" || text == "off" || text == "0",
                 "{}: true or false was expected, not '{}'", origin, shown(text));
  value = yes;
}
void convert(const std::string& text, const std::string& origin, std::string& value) {
  FEDSCAPE_CHECK(text.find('\0') == std::string::npos, "{}: a text without zero bytes was expected", origin);
  value = text;
}

std::string text_of(std::int64_t value) { return fmt::format("{}", value); }
std::string text_of(double value) { return fmt::format("{}", value); }
std::string text_of(bool value) { return value ? "true" : "false"; }
std::string text_of(const std::string& value) { return value; }

std::string shell_word(const std::string& word) {
  const bool plain = std::all_of(word.begin(), word.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("-_=+:,./%@").find(c) != std::string_view::npos;
  });
  if (plain && !word.empty()) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

std::string dashed(std::string_view name) {
  std::string result(name);
  std::replace(result.begin(), result.end(), '_', '-');
  return result;
}

}  // namespace fedscape
