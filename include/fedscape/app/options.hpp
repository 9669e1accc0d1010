#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "fedscape/base/fields.hpp"

namespace fedscape {

/// The options of one command, collected from options structs: parses flags and config files into their fields, and
/// prints them. A field keeps its default unless a file, or overriding that a flag, sets it.
class OptionTable : public Fields {
 public:
  /// Starts a group of fields. With a prefix p a field f becomes p.f, which an INI file may write under [p]; the field
  /// "name" becomes p itself.
  void group(std::string_view title, std::string_view prefix = "");
  void field(std::string_view name, std::int64_t& value, std::string_view help) override;
  void field(std::string_view name, double& value, std::string_view help) override;
  void field(std::string_view name, bool& value, std::string_view help) override;
  void field(std::string_view name, std::string& value, std::string_view help) override;
  /// Group and fields of an options struct, which must outlive the table.
  template <class Options>
  void add(std::string_view title, Options& options, std::string_view prefix = "") {
    group(title, prefix);
    options.options(*this);
  }
  /// Leaves fields of these names out of what is added from now on: the command gives them another meaning or a value.
  void leave_out(std::vector<std::string> names) { left_out_ = std::move(names); }
  /// Arguments without a name belong to these fields, in this order.
  void positional(std::vector<std::string> names) { positional_ = std::move(names); }

  /// Reads flags (--name value, --name=value; a bool may stand alone) and the INI file of --config. An Error names
  /// file and line, or flag, with what was expected and what came, and suggests the nearest name for an unknown one.
  void parse(std::span<const std::string> arguments);
  bool help_requested() const { return help_requested_; }
  /// What parse() read, as a shell would read it again.
  std::string arguments() const;
  bool has(std::string_view name) const;
  /// Sets a field as if `origin` were the flag that did.
  void set(std::string_view name, const std::string& text, const std::string& origin);
  /// Whether a flag set the field.
  bool is_flag(std::string_view name) const;
  /// Where the first field under `prefix` was set ("--fedopt.kind"), or "".
  std::string set_under(std::string_view prefix) const;
  /// Gives the fields that neither file nor flag set the values stored in `source`; names it does not know are left
  /// out.
  void assume(const Description& stored, const std::string& source);

  /// Leaves the fields under `prefix` out of description() and text(): they have no part in this run.
  void hide_under(std::string_view prefix);

  /// Leaves the fields under `prefix` out of help(), which says instead that `command` lists them.
  void list_elsewhere(std::string_view prefix, std::string_view command) {
    for (Entry& entry : entries_)
      if (entry.name.starts_with(std::string(prefix) + ".")) entry.elsewhere = command;
  }
  /// All groups, a line per field with its default: what --help prints under `usage`.
  std::string help(std::string_view usage) const;
  /// Name and value of every field.
  Description description() const;
  /// The values as lines of at most 110 columns, group by group.
  std::string text() const;

 private:
  struct Entry {
    std::string name, help;
    std::variant<std::int64_t*, double*, bool*, std::string*> value;
    std::size_t group;
    std::string origin;  // "--lr" or "fl.ini, line 3: lr"; empty where the default stands
    bool hidden = false;
    std::string elsewhere;  // the command that lists it instead of help()
    std::string text() const;
  };
  template <class T>
  void add_entry(std::string_view name, T& value, std::string_view help);
  std::size_t find(std::string_view name, const std::string& origin) const;
  void assign(std::string_view name, const std::string& text, const std::string& origin);
  void parse_flags(std::span<const std::string> arguments);
  void parse_file(const std::string& file, const std::vector<std::string>& keep);

  std::vector<std::string> titles_, positional_, left_out_, arguments_;
  std::vector<Entry> entries_;
  std::string prefix_;
  bool help_requested_ = false;
};

}  // namespace fedscape
