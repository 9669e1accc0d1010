#pragma once

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "fedscape/base/handle.hpp"
#include "fedscape/base/timer.hpp"

namespace fedscape {

/// What the records of a journal are: their size, and the work they belong to (a hash of everything results depend on).
struct JournalFormat {
  std::int64_t record_bytes = 0;  // 1 to 1 MiB
  std::uint64_t identity = 0;
  bool operator==(const JournalFormat&) const = default;
};

/// Append-only file of records of one size, so that a killed program loses nothing that it recorded.
///
/// Layout, little-endian: a header of 32 bytes (magic "fsjournl", record bytes : 64, identity : 64, 0 : 32, CRC-32 of
/// the 28 bytes before), then records, each followed by the CRC-32 of identity, its number and its bytes. A record is
/// one write(2), which survives the program's death; the disk is made to have it every few seconds and by sync().
class Journal {
 public:
  /// Creates the file, which must not exist.
  Journal(const std::filesystem::path& path, const JournalFormat& format);
  /// An Error names the file and the reason (disk full...); what was recorded before stays readable.
  void append(std::span<const std::byte> record);
  void sync();

 private:
  void write(std::span<const std::byte> bytes);

  std::filesystem::path path_;
  JournalFormat format_;
  Handle<int, ::close, -1> file_;
  std::vector<std::byte> frame_;  // a record with its CRC
  std::uint64_t count_ = 0;
  bool unsynced_ = false;
  Timer since_sync_;
};

/// The records of a journal up to the first that is torn or damaged.
struct JournalRecords {
  std::vector<std::byte> bytes;  // count * record_bytes
  std::int64_t count = 0;
  std::int64_t dropped = 0;  // records, whole or torn, from the first bad one on
};
/// An Error if the file is no journal, or one of another format or work, or has room for more than `most` records. A
/// file that ends within its header is a journal without records: its writer died first.
JournalRecords read_journal(const std::filesystem::path& path, const JournalFormat& format, std::int64_t most);

}  // namespace fedscape
