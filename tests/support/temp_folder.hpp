#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "fedscape/base/check.hpp"

namespace fedscape::test {

/// A fresh folder that goes away with the object.
class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "fedscape-XXXXXX").string();
    FEDSCAPE_CHECK(mkdtemp(name.data()) != nullptr, "no temporary folder {}", name);
    path_ = name;
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace fedscape::test
