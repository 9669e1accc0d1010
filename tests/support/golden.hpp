#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

namespace fedscape::test {

/// The numbers of tests/golden/formula.py, bit for bit.
std::uint64_t golden_word(std::uint64_t stream, std::uint64_t index);
std::vector<float> golden_values(std::uint64_t stream, std::int64_t count, double centre = 0, double scale = 1);
std::vector<double> golden_projections(std::span<const float> tensor);

/// tests/golden/<name>.json.
nlohmann::json read_golden(const std::string& name);

}  // namespace fedscape::test
