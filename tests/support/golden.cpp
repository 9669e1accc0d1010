#include "tests/support/golden.hpp"

#include <fstream>

#include "fedscape/base/check.hpp"

namespace fedscape::test {

std::uint64_t golden_word(std::uint64_t stream, std::uint64_t index) {
  std::uint64_t z = index + (stream << 40) + 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

std::vector<float> golden_values(std::uint64_t stream, std::int64_t count, double centre, double scale) {
  std::vector<float> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double u = static_cast<double>(golden_word(stream, i) >> 40) / 8388608.0 - 1;
    values[i] = static_cast<float>(centre + scale * u);
  }
  return values;
}

std::vector<double> golden_projections(std::span<const float> tensor) {
  std::vector<double> sums(32);
  for (std::size_t i = 0; i < tensor.size(); ++i) {
    const std::uint64_t bits = golden_word(0, i);
    for (std::size_t j = 0; j < sums.size(); ++j) sums[j] += (bits >> j) & 1 ? tensor[i] : -tensor[i];
  }
  return sums;
}

nlohmann::json read_golden(const std::string& name) {
  const std::string path = std::string(FEDSCAPE_GOLDEN) + "/" + name + ".json";
  std::ifstream in(path);
  FEDSCAPE_CHECK(in, "{}: cannot read this golden", path);
  return nlohmann::json::parse(in);
}

}  // namespace fedscape::test
