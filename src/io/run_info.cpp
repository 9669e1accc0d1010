#include "fedscape/io/run_info.hpp"

#include <fmt/ranges.h>

#include <algorithm>

#include "fedscape/base/check.hpp"
#include "fedscape/base/hash.hpp"

namespace fedscape {
namespace {

std::string hexadecimal(std::uint64_t number) { return fmt::format("{:016x}", number); }

bool is_free(const RunInfo& info, const std::string& name) {
  return std::find(info.free.begin(), info.free.end(), name) != info.free.end();
}

void check_equal(const hdf5::Group& root, const RunInfo& info, std::string_view what, const std::string& stored,
                 const std::string& given) {
  FEDSCAPE_CHECK(stored == given,
                 "{}: made with {} '{}', not '{}'; resume with what it was made with, or choose another file{}{}",
                 root.where(), what, stored, given, info.free.empty() ? "" : " (what may differ: ",
                 info.free.empty() ? "" : fmt::format("{})", fmt::join(info.free, ", ")));
}

}  // namespace

void write_info(hdf5::Group& root, const RunInfo& info) {
  root.set_text("command", info.command);
  root.set_text("build", info.build);
  root.set_text("device", info.device);
  root.set_text("seed", hexadecimal(info.seed));
  root.set_text("data_hash", hexadecimal(info.data_hash));
  hdf5::Group options = root.make_group("options");
  for (const auto& [name, value] : info.options) options.set_text(name, value);
}

void check_same_run(const hdf5::Group& root, const RunInfo& info) {
  check_equal(root, info, "the command", root.text("command"), info.command);
  const hdf5::Group options = root.group("options");
  for (const auto& [name, value] : info.options) {
    if (is_free(info, name)) continue;
    const std::string stored = options.has_attribute(name) ? options.text(name) : "(unknown then)";
    check_equal(root, info, fmt::format("option {} =", name), stored, value);
  }
  for (const std::string& name : options.attributes()) {
    const bool known =
        std::any_of(info.options.begin(), info.options.end(), [&](const auto& option) { return option.first == name; });
    if (!known && !is_free(info, name))
      check_equal(root, info, fmt::format("option {} =", name), options.text(name), "(unknown now)");
  }
  check_equal(root, info, "the seed", root.text("seed"), hexadecimal(info.seed));
  check_equal(root, info, "data of the hash", root.text("data_hash"), hexadecimal(info.data_hash));
}

std::uint64_t identity(const RunInfo& info) {
  std::uint64_t hash = kHashStart;
  const auto add = [&](const std::string& text) {  // with its closing zero, so that "ab","c" is not "a","bc"
    hash = fnv1a(std::as_bytes(std::span(text.c_str(), text.size() + 1)), hash);
  };
  add(info.command);
  for (const auto& [name, value] : info.options)
    if (!is_free(info, name)) add(name), add(value);
  add(hexadecimal(info.seed));
  add(hexadecimal(info.data_hash));
  return hash;
}

}  // namespace fedscape
