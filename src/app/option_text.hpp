#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// Options' names and values as text, and back.
namespace fedscape {

/// Text from outside as a message may show it: printable, and not too long.
std::string shown(std::string_view text);

/// The value that a text says; else an Error begins with `origin` and says what was expected.
void convert(const std::string& text, const std::string& origin, std::int64_t& value);
void convert(const std::string& text, const std::string& origin, double& value);
void convert(const std::string& text, const std::string& origin, bool& value);
void convert(const std::string& text, const std::string& origin, std::string& value);

/// The way back.
std::string text_of(std::int64_t value);
std::string text_of(double value);
std::string text_of(bool value);
std::string text_of(const std::string& value);

/// A word as a shell takes it for one.
std::string shell_word(const std::string& word);

/// Names are written with dashes; underscores do as well.
std::string dashed(std::string_view name);

}  // namespace fedscape
