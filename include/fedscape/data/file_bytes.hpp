#pragma once

#include <zlib.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "fedscape/base/handle.hpp"

namespace fedscape {

/// The bytes of a file from its beginning, gunzipped where it is a .gz. Every failure is an Error that names the file.
class FileBytes {
 public:
  explicit FileBytes(const std::string& path);

  /// No more bytes than this can come, judged by the size of the file.
  std::int64_t most() const { return most_; }
  const std::string& path() const { return path_; }
  /// Exactly out.size() bytes; `what` says of what, e.g. "60000 labels".
  void read(std::span<std::uint8_t> out, const std::string& what);
  /// The next `size` bytes. Memory grows with what has really come, whatever size was declared.
  std::vector<std::uint8_t> take(std::int64_t size, const std::string& what);
  /// Nothing may be left, and a .gz must be whole.
  void finish();

 private:
  std::int64_t read_some(std::span<std::uint8_t> out);
  std::string path_;
  Handle<gzFile, gzclose_r> file_;
  std::int64_t most_ = 0, position_ = 0;
};

/// The size of a file; an Error unless it is a regular, readable one.
std::int64_t regular_file_size(const std::string& path);

}  // namespace fedscape
