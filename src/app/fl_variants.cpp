#include "src/app/fl_variants.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "fedscape/algo/federated/catalog.hpp"

namespace fedscape {

namespace {

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text)
    if (c == separator)
      parts.emplace_back();
    else if (c != ' ' && c != '\t')
      parts.back() += c;
  return parts;
}

bool fits_file_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("._+-=").find(c) != std::string_view::npos;
}

/// "a" and "b" of "a=b"; `first` is empty where there is no "=".
std::pair<std::string, std::string> around_equals(const std::string& part) {
  const std::size_t equals = part.find('=');
  if (equals == std::string::npos) return {"", part};
  return {part.substr(0, equals), part.substr(equals + 1)};
}

Variant parse_variant(const std::string& text) {
  const std::vector<std::string> parts = split(text, ':');
  const auto [label, algorithm] = around_equals(parts[0]);
  Variant variant{text, label, algorithm, {}};
  FEDSCAPE_CHECK(!algorithm.empty() && (label.empty() == (parts[0].find('=') == std::string::npos)),
                 "algorithms: ALGORITHM:OPTION=VALUE... or LABEL=ALGORITHM:OPTION=VALUE... was expected, not '{}'",
                 text);
  for (const PenaltyEntry& entry : penalties())
    FEDSCAPE_CHECK(
        entry.name != algorithm,
        "algorithms: '{}' is a penalty, which joins an algorithm: fedavg:{}.OPTION=VALUE was expected, not '{}'",
        algorithm, algorithm, text);
  make_algorithm(algorithm);  // fails with the nearest name
  if (label.empty()) {
    variant.label = text;
    for (char& c : variant.label) c = c == ':' ? '+' : fits_file_name(c) ? c : '_';
  }
  const bool plain = std::all_of(label.begin(), label.end(), fits_file_name) && !label.starts_with('.');
  FEDSCAPE_CHECK(plain, "algorithms: a label of letters, digits and . _ + - was expected, not '{}'", label);
  for (std::size_t i = 1; i < parts.size(); ++i) {
    auto [option, value] = around_equals(parts[i]);
    FEDSCAPE_CHECK(!option.empty(), "algorithms: OPTION=VALUE was expected in '{}', not '{}'", text, parts[i]);
    std::replace(option.begin(), option.end(), '_', '-');
    variant.options.emplace_back(option, value);
  }
  return variant;
}

/// The options that a variant may choose, in a table of their own.
OptionTable choices(FlOptions& options) {
  OptionTable table;
  options.list_choices(table);
  return table;
}

}  // namespace

std::vector<Variant> parse_variants(const std::string& text) {
  std::vector<Variant> variants;
  for (const std::string& entry : split(text, ',')) {
    variants.push_back(parse_variant(entry));
    for (std::size_t i = 0; i + 1 < variants.size(); ++i)
      FEDSCAPE_CHECK(variants[i].label != variants.back().label,
                     "algorithms: two entries are labelled '{}'; LABEL=ALGORITHM... gives one another label",
                     variants[i].label);
  }
  return variants;
}

VariantRun make_run(const Variant& variant, const OptionTable& base, std::int64_t seed, const std::string& output) {
  VariantRun run{variant.label, std::make_unique<FlOptions>(), {}};
  FlOptions& options = *run.options;
  OptionTable table;
  options.list(table);
  Description shared = base.description();
  std::erase_if(shared, [&](const auto& option) {
    return std::any_of(algorithms().begin(), algorithms().end(), [&](const AlgorithmEntry& entry) {
      return entry.name != variant.algorithm && option.first.starts_with(std::string(entry.name) + ".");
    });
  });
  table.assume(shared, "fl compare");
  const OptionTable own = choices(options);
  for (const auto& [name, value] : variant.options) {
    const std::string origin = fmt::format("algorithms, {}: {}", variant.text, name);
    FEDSCAPE_CHECK(own.has(name) || !table.has(name),
                   "{}: all entries share this option; one of their own is of network, local training, privacy, "
                   "algorithm or penalties",
                   origin);
    table.set(name, value, origin);
  }
  options.algorithm = variant.algorithm;
  options.seed = seed;
  options.output = output;
  options.check(table);
  run.info = options.info(table);
  return run;
}

}  // namespace fedscape
