#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fedscape {

/// A file written beside its destination as "<path>.tmp" and moved there once complete: whoever looks, after whatever
/// crash, finds the previous file or the new one, whole. An Error names file and reason (disk full, not writable); the
/// previous file then stands and the .tmp is gone.
class AtomicFile {
 public:
  explicit AtomicFile(const std::filesystem::path& path);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  /// Removes the .tmp unless committed.
  ~AtomicFile();

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text) { write(std::as_bytes(std::span(text))); }
  /// Flushes to the disk, moves to the destination and flushes the folder.
  void commit();

 private:
  std::filesystem::path path_, temporary_;
  int descriptor_ = -1;
};

/// Replaces the file at `path` by `bytes`.
void replace_file(const std::filesystem::path& path, std::span<const std::byte> bytes);

/// All bytes of a regular file; an Error if it cannot be read or has more than `most`.
std::vector<std::byte> read_bytes(const std::filesystem::path& path, std::int64_t most);

/// "<path>: <what> (No space left on device)", the reason from errno.
[[noreturn]] void fail_with_errno(const std::filesystem::path& path, std::string_view what);

}  // namespace fedscape
