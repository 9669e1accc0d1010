#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace fedscape {

/// "; did you mean 'lenet'?" with the nearest of `names` by edit distance, or "; possible: a, b, c" where none is near.
std::string suggestion(std::string_view wrong, std::span<const std::string_view> names);

/// An Error that names the option and suggests a value unless `value` is one of `names`.
void check_choice(std::string_view option, std::string_view value, std::span<const std::string_view> names);
/// The same, and the position of `value` in `names`.
std::size_t choice_of(std::string_view option, std::string_view value, std::span<const std::string_view> names);

}  // namespace fedscape
