#include "fedscape/app/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "fedscape/base/check.hpp"
#include "fedscape/base/suggest.hpp"
#include "src/app/option_text.hpp"

namespace fedscape {

namespace po = boost::program_options;

namespace {

constexpr std::size_t kColumns = 110;
constexpr std::uintmax_t kLargestFile = 1 << 20;  // bytes; a config has a few hundred

/// The words as Boost is to see them: "--flip false" as "--flip=false", as it would take
/// the value of a switch for an argument of its own.
std::vector<std::string> joined(std::span<const std::string> words, std::span<const std::string> switches) {
  std::vector<std::string> result;
  for (std::string word : words) {
    const std::size_t name_end = std::min(word.find('='), word.size());
    if (word.starts_with("--")) word = dashed(word.substr(0, name_end)) + word.substr(name_end);
    const bool value =
        word == "true" || word == "false" || word == "yes" || word == "no" || word == "on" || word == "off";
    if (value && !result.empty() && std::find(switches.begin(), switches.end(), result.back()) != switches.end())
      result.back() += "=" + word;
    else
      result.push_back(word);
  }
  return result;
}

std::vector<po::option> parse_words(const po::options_description& known, const std::vector<std::string>& words) {
  namespace style = po::command_line_style;
  try {
    return po::command_line_parser(words)
        .options(known)
        .style(style::allow_long | style::long_allow_adjacent | style::long_allow_next)
        .allow_unregistered()
        .run()
        .options;
  } catch (const po::error& error) {
    fail(error.what());
  }
}

std::vector<std::string> lines_of(const std::string& file) {
  std::error_code error;
  FEDSCAPE_CHECK(!std::filesystem::is_directory(file, error), "{}: a config file was expected, not a folder", file);
  std::ifstream in(file, std::ios::binary);
  FEDSCAPE_CHECK(in, "{}: cannot read this config file", file);
  std::vector<std::string> lines;
  std::uintmax_t bytes = 0;
  for (std::string line; std::getline(in, line); lines.push_back(line)) {
    bytes += line.size() + 1;
    FEDSCAPE_CHECK(bytes <= kLargestFile, "{}: a config file of up to 1 MiB was expected; this one is larger", file);
    if (!line.empty() && line.back() == '\r') line.pop_back();
  }
  return lines;
}

/// The options of one line of an INI file, under its section: none, one, or an Error.
std::vector<po::option> parse_line(const std::string& section, const std::string& line, const std::string& origin) {
  std::istringstream in((section.empty() ? "" : "[" + section + "]\n") + line + "\n");
  try {
    return po::parse_config_file(in, po::options_description(), true).options;
  } catch (const po::error&) {
    fail(fmt::format("{}: 'name = value', '[section]' or '# comment' was expected, not '{}'", origin, shown(line)));
  }
}

}  // namespace

void OptionTable::group(std::string_view title, std::string_view prefix) {
  titles_.emplace_back(title);
  prefix_ = prefix;
}

template <class T>
void OptionTable::add_entry(std::string_view name, T& value, std::string_view help) {
  const std::string own = dashed(name);
  const std::string full = prefix_.empty() ? own : name == "name" ? prefix_ : prefix_ + "." + own;
  if (std::find(left_out_.begin(), left_out_.end(), full) != left_out_.end()) return;
  for (const Entry& entry : entries_) FEDSCAPE_CHECK(entry.name != full, "two options are named {}", full);
  if (titles_.empty()) titles_.emplace_back("Options");
  entries_.push_back({full, std::string(help), &value, titles_.size() - 1, "", false, ""});
}
void OptionTable::field(std::string_view name, std::int64_t& value, std::string_view help) {
  add_entry(name, value, help);
}
void OptionTable::field(std::string_view name, double& value, std::string_view help) { add_entry(name, value, help); }
void OptionTable::field(std::string_view name, bool& value, std::string_view help) { add_entry(name, value, help); }
void OptionTable::field(std::string_view name, std::string& value, std::string_view help) {
  add_entry(name, value, help);
}

void OptionTable::parse(std::span<const std::string> arguments) {
  help_requested_ = std::any_of(arguments.begin(), arguments.end(),
                                [](const std::string& word) { return word == "--help" || word == "-h"; });
  arguments_.assign(arguments.begin(), arguments.end());
  if (!help_requested_) parse_flags(arguments);
}

std::string OptionTable::arguments() const {
  std::string line;
  for (const std::string& word : arguments_) line += (line.empty() ? "" : " ") + shell_word(word);
  return line;
}

bool OptionTable::has(std::string_view name) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.name == name; });
}

void OptionTable::set(std::string_view name, const std::string& text, const std::string& origin) {
  find(name, origin + ": ");
  assign(name, text, origin);
}

bool OptionTable::is_flag(std::string_view name) const { return entries_[find(name, "")].origin.starts_with("--"); }

std::string OptionTable::set_under(std::string_view prefix) const {
  for (const Entry& entry : entries_)
    if (!entry.origin.empty() && entry.name.starts_with(std::string(prefix) + ".")) return entry.origin;
  return "";
}

void OptionTable::hide_under(std::string_view prefix) {
  for (Entry& entry : entries_) entry.hidden |= entry.name.starts_with(std::string(prefix) + ".");
}

void OptionTable::assume(const Description& stored, const std::string& source) {
  for (const auto& [name, text] : stored)
    for (Entry& entry : entries_)
      if (entry.name == name && entry.origin.empty()) {
        const auto take = [&text = text, where = fmt::format("{}: {}", source, shown(name))](auto* value) {
          convert(text, where, *value);
        };
        std::visit(take, entry.value);
      }
}

void OptionTable::parse_flags(std::span<const std::string> arguments) {
  // Boost takes the words apart; types, unknown names and repeats are judged here, where the message can be a good one.
  po::options_description known;
  known.add_options()("config", po::value<std::string>());
  std::vector<std::string> switches;
  for (const Entry& entry : entries_) {
    const bool alone = std::holds_alternative<bool*>(entry.value);
    if (alone) switches.push_back("--" + entry.name);
    known.add_options()(entry.name.c_str(),
                        alone ? po::value<std::string>()->implicit_value("") : po::value<std::string>());
  }
  std::string config;
  std::vector<std::string> given;
  std::size_t place = 0;
  for (const po::option& option : parse_words(known, joined(arguments, switches))) {
    if (option.string_key == "config") {
      config = option.value.at(0);
    } else if (option.position_key >= 0) {
      FEDSCAPE_CHECK(place < positional_.size(), "an option was expected, not '{}'", shown(option.value.at(0)));
      given.push_back(positional_[place++]);
      assign(given.back(), option.value.at(0), given.back());
    } else {
      find(option.string_key, "--");
      assign(option.string_key, option.value.empty() ? "true" : option.value.back(), "--" + option.string_key);
      given.push_back(option.string_key);
    }
  }
  if (!config.empty()) parse_file(config, given);
}

void OptionTable::parse_file(const std::string& file, const std::vector<std::string>& keep) {
  std::string section;
  std::vector<std::string> seen;
  const std::vector<std::string> lines = lines_of(file);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string origin = fmt::format("{}, line {}", file, i + 1);
    const std::string& line = lines[i];
    const std::size_t first = line.find_first_not_of(" \t"), last = line.find_last_not_of(" \t");
    if (first != std::string::npos && line[first] == '[' && line[last] == ']') {
      section = line.substr(first + 1, last - first - 1);
      continue;
    }
    for (const po::option& option : parse_line(section, line, origin)) {
      const std::string name = dashed(option.string_key);
      find(name, origin + ": ");
      FEDSCAPE_CHECK(std::find(seen.begin(), seen.end(), name) == seen.end(), "{}: '{}' was set before", origin, name);
      seen.push_back(name);
      if (std::find(keep.begin(), keep.end(), name) != keep.end()) continue;
      assign(name, option.value.at(0), origin + ": " + name);
    }
  }
}

std::size_t OptionTable::find(std::string_view name, const std::string& origin) const {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].name == name) return i;
    names.push_back(entries_[i].name);
  }
  std::string hint = suggestion(name, names);
  if (hint.find("possible:") != std::string::npos) hint = "; --help lists the options";
  fail(fmt::format("{}{}: there is no such option{}", origin, shown(name), hint));
}

void OptionTable::assign(std::string_view name, const std::string& text, const std::string& origin) {
  Entry& entry = entries_[find(name, "")];
  std::visit([&](auto* value) { convert(text, origin, *value); }, entry.value);
  entry.origin = origin;
}

std::string OptionTable::Entry::text() const {
  return std::visit([](const auto* field) { return text_of(*field); }, value);
}

std::string OptionTable::help(std::string_view usage) const {
  std::size_t width = 0;
  for (const Entry& e : entries_) width = std::clamp<std::size_t>(e.name.size() + e.text().size() + 6, width, 32);
  std::string out = fmt::format("{}\n", usage), elsewhere;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    if (!entry.elsewhere.empty()) {
      const bool more = i == 0 || entries_[i - 1].elsewhere != entry.elsewhere;
      if (more) elsewhere += (elsewhere.empty() ? "" : ", ") + entry.elsewhere;
      continue;
    }
    if (i == 0 || entry.group != entries_[i - 1].group) out += fmt::format("{}\n", titles_[entry.group]);
    const std::string name = fmt::format("--{} {}", entry.name, entry.text().empty() ? "\"\"" : entry.text());
    out += fmt::format("  {:<{}} {}\n", name, width, entry.help);
  }
  if (!elsewhere.empty()) out += fmt::format("More options, --NAME.OPTION: {}\n", elsewhere);
  return out;
}

Description OptionTable::description() const {
  Description result;
  for (const Entry& entry : entries_)
    if (!entry.hidden) result.emplace_back(entry.name, entry.text());
  return result;
}

std::string OptionTable::text() const {
  std::string out, line;
  const auto end_line = [&] {
    if (!line.empty()) out += line + "\n";
    line.clear();
  };
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    if (entry.hidden) continue;
    if (i == 0 || entry.group != entries_[i - 1].group) end_line();
    const std::string word = fmt::format(" {}={}", entry.name, entry.text().empty() ? "\"\"" : entry.text());
    if (line.size() + word.size() > kColumns) end_line();
    if (line.empty()) line = " ";
    line += word;
  }
  end_line();
  return out;
}

}  // namespace fedscape
