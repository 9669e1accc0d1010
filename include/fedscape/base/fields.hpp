#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fedscape {

/// Visitor of the fields of an options struct. A struct lists its fields once, in `void options(Fields&)`; command
/// line, config file, --help and the attributes of output files are visitors. A field's current value is its default.
class Fields {
 public:
  virtual ~Fields() = default;
  virtual void field(std::string_view name, std::int64_t& value, std::string_view help) = 0;
  virtual void field(std::string_view name, double& value, std::string_view help) = 0;
  virtual void field(std::string_view name, bool& value, std::string_view help) = 0;
  virtual void field(std::string_view name, std::string& value, std::string_view help) = 0;
};

/// Name and text of every field of an options object, in order: what a run prints and what its files store.
using Description = std::vector<std::pair<std::string, std::string>>;

/// Collects a Description. Doubles are written so that they read back to the same bits.
class Describer : public Fields {
 public:
  explicit Describer(Description& out) : out_(out) {}
  void field(std::string_view name, std::int64_t& value, std::string_view) override;
  void field(std::string_view name, double& value, std::string_view) override;
  void field(std::string_view name, bool& value, std::string_view) override;
  void field(std::string_view name, std::string& value, std::string_view) override;

 private:
  Description& out_;
};

/// The description of one options object.
template <class Options>
Description describe(Options options) {
  Description description;
  Describer describer(description);
  options.options(describer);
  return description;
}

}  // namespace fedscape
