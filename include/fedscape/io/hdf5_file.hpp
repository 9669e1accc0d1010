#pragma once

#include <filesystem>
#include <functional>

#include "fedscape/io/hdf5.hpp"

namespace fedscape::hdf5 {

/// An HDF5 file in memory, which save() puts on disk whole: HDF5 itself never writes to a disk that may be full, and
/// the file on disk is always a complete one. Its last 16 bytes, behind what HDF5 reads, are kSeal and the CRC-32 of
/// all before them, as 8 hexadecimal digits.
class File : public Group {
 public:
  static constexpr std::string_view kSeal = "fedscape";

  /// An empty file that save() will write to `path`.
  static File create(const std::filesystem::path& path);
  /// A file that save() wrote, to be read, changed and saved again. An Error if it has changed since.
  static File open(const std::filesystem::path& path);

  /// Replaces the file at path; see replace_file.
  void save();

 private:
  friend void read_file(const std::filesystem::path&, const std::function<void(const Group&)>&);
  File(Id id, std::filesystem::path path);
  std::filesystem::path path_;
};

/// Runs `read` on the root group of any HDF5 file. HDF5 1.10.8 itself crashes on about one in a thousand randomly
/// damaged files, so a file without a seal is first read by `read` in a forked child: it may run twice, and must not
/// communicate or write files.
void read_file(const std::filesystem::path& path, const std::function<void(const Group&)>& read);

}  // namespace fedscape::hdf5
