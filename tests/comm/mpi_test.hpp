#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "fedscape/comm/communicator.hpp"

namespace fedscape::test {

MpiSession& session();
/// All ranks of the test binary.
Communicator& world();

/// Calls work on the first `ranks` ranks with a communicator of their own; false where the launch has fewer.
bool on_ranks(int ranks, const std::function<void(Communicator&)>& work);

/// A fresh folder of all ranks of the test binary, removed with the object. Making and ending it are collective.
class SharedFolder {
 public:
  SharedFolder();
  SharedFolder(const SharedFolder&) = delete;
  SharedFolder& operator=(const SharedFolder&) = delete;
  ~SharedFolder();
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace fedscape::test
