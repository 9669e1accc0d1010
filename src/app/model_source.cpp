#include "src/app/model_source.hpp"

#include <array>
#include <fstream>

#include "fedscape/base/check.hpp"
#include "fedscape/io/hdf5_file.hpp"
#include "fedscape/io/load_dataset.hpp"
#include "fedscape/io/safetensors.hpp"
#include "fedscape/nn/zoo.hpp"

namespace fedscape {

namespace {

bool is_hdf5(const std::string& path) {
  std::array<char, 8> signature{};
  std::ifstream in(path, std::ios::binary);
  FEDSCAPE_CHECK(in, "{}: cannot read this model", path);
  in.read(signature.data(), signature.size());
  return std::string_view(signature.data(), signature.size()) == "\x89HDF\r\n\x1a\n";
}

}  // namespace

Description stored_options(const std::string& path) {
  FEDSCAPE_CHECK(!path.empty(), "model: the name of a run file or safetensors file was expected, not an empty one");
  Description stored;
  if (is_hdf5(path)) {
    hdf5::read_file(path, [&](const hdf5::Group& file) {
      stored.clear();  // reading may run twice
      if (!file.has_group("options")) return;
      const hdf5::Group options = file.group("options");
      for (const std::string& name : options.attributes()) stored.emplace_back(name, options.text(name));
    });
  } else {
    stored = read_safetensors(path).metadata;
  }
  return stored;
}

Description model_options(const std::string& path) {
  const Description stored = stored_options(path);
  // Of all that a run was made with, what says which network and which data.
  DataOptions data;
  NetworkOptions network;
  OptionTable known;
  known.add("Data", data);
  known.add("Network", network, "network");
  Description kept;
  for (const auto& [name, value] : known.description())
    for (const auto& option : stored)
      if (option.first == name) kept.push_back(option);
  return kept;
}

}  // namespace fedscape
