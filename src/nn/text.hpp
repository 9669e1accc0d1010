#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace fedscape::nn {

/// The part of `rest` before the next `separator`, without blanks around it; `rest` becomes what follows it.
std::string_view next_piece(std::string_view& rest, char separator);

/// The number that all of `text` spells, if it spells a finite one.
std::optional<double> to_number(std::string_view text);
std::optional<std::int64_t> to_integer(std::string_view text);

}  // namespace fedscape::nn
