#pragma once

#include <memory>
#include <string>
#include <vector>

#include "src/app/fl_options.hpp"

namespace fedscape {

/// An entry of --algorithms: LABEL=ALGORITHM:OPTION=VALUE:OPTION=VALUE...; label and options may be missing.
struct Variant {
  std::string text;   // as it was given
  std::string label;  // letters, digits and . _ + - = only; without one, the text with + for :
  std::string algorithm;
  Description options;
};
/// Entries are separated by commas. An Error for a text that is none, a label that no file name may have, one given
/// twice.
std::vector<Variant> parse_variants(const std::string& text);

/// A run of a comparison: that of `fedscape fl run` with these options.
struct VariantRun {
  std::string label;
  std::unique_ptr<FlOptions> options;
  RunInfo info;
};
/// The options in `table`, but for those of other algorithms, with the variant's own over them. An Error names the
/// entry and an option that does not exist, has a wrong value, or is not what the variant may choose: network, local
/// training, privacy, algorithm and penalties.
VariantRun make_run(const Variant& variant, const OptionTable& table, std::int64_t seed, const std::string& output);

}  // namespace fedscape
