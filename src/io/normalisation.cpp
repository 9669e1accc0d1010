#include <charconv>
#include <cmath>

#include "fedscape/base/check.hpp"
#include "fedscape/io/load_dataset.hpp"

namespace fedscape {

namespace {

/// Sums over the values of one channel. Those of bytes are exact integers.
template <class T, class Sum>
Normalisation statistics(const T* samples, std::int64_t values, std::size_t channels, double unit) {
  std::vector<Sum> sums(channels), squares(channels);
  for (std::int64_t i = 0; i < values; ++i) {
    const auto value = static_cast<Sum>(samples[i]);
    const std::size_t c = static_cast<std::size_t>(i) % channels;
    sums[c] += value;
    squares[c] += value * value;
  }
  Normalisation result;
  const double n = static_cast<double>(values) / static_cast<double>(channels);
  for (std::size_t c = 0; c < channels; ++c) {
    const double mean = static_cast<double>(sums[c]) / n;
    const double variance = static_cast<double>(squares[c]) / n - mean * mean;
    result.mean.push_back(static_cast<float>(mean * unit));
    const auto deviation = static_cast<float>(std::sqrt(std::max(variance, 0.0)) * unit);
    result.deviation.push_back(deviation > 0 ? deviation : 1.0f);
  }
  return result;
}

std::vector<float> parse_numbers(const std::string& text, std::size_t begin, std::size_t end, std::int64_t channels) {
  std::vector<float> numbers;
  while (begin < end) {
    const std::size_t comma = std::min(text.find(',', begin), end);
    float number = 0;
    const char* const last = text.data() + comma;
    const auto [rest, error] = std::from_chars(text.data() + begin, last, number);
    FEDSCAPE_CHECK(error == std::errc{} && rest == last && std::isfinite(number),
                   "normalize: '{}' in '{}' is not a number", text.substr(begin, comma - begin), text);
    numbers.push_back(number);
    begin = comma + 1;
  }
  if (numbers.size() == 1) numbers.resize(static_cast<std::size_t>(channels), numbers[0]);
  FEDSCAPE_CHECK(std::ssize(numbers) == channels, "normalize: {} numbers in '{}' for {} channels", numbers.size(), text,
                 channels);
  return numbers;
}

}  // namespace

Normalisation statistics_of(const Dataset& data) {
  const auto channels = static_cast<std::size_t>(data.shape()[2]);
  const std::int64_t values = data.size() * data.shape().size();
  if (data.type() == SampleType::bytes)
    return statistics<std::uint8_t, std::int64_t>(static_cast<const std::uint8_t*>(data.samples()), values, channels,
                                                  1.0 / 255.0);
  return statistics<float, double>(static_cast<const float*>(data.samples()), values, channels, 1.0);
}

Normalisation parse_normalisation(const std::string& text, std::int64_t channels) {
  const std::size_t middle = text.find(';');
  FEDSCAPE_CHECK(middle != std::string::npos, "normalize: '{}', expected default, none, train or 'mean;deviation'",
                 text);
  Normalisation result = {parse_numbers(text, 0, middle, channels),
                          parse_numbers(text, middle + 1, text.size(), channels)};
  for (const float deviation : result.deviation)
    FEDSCAPE_CHECK(deviation > 0, "normalize: a deviation of {} in '{}', expected above 0", deviation, text);
  return result;
}

}  // namespace fedscape
