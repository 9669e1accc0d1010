#include "fedscape/io/journal.hpp"

#include <fcntl.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "fedscape/base/check.hpp"
#include "fedscape/io/atomic_file.hpp"

namespace fedscape {
namespace {

constexpr std::int64_t kLargestRecord = 1 << 20;
constexpr double kSecondsBetweenSyncs = 5;
constexpr std::size_t kHeader = 32, kCrc = sizeof(std::uint32_t);
constexpr std::array<char, 8> kMagic = {'f', 's', 'j', 'o', 'u', 'r', 'n', 'l'};

using Header = std::array<std::byte, kHeader>;

template <class T>
void put(const T& value, std::byte* to) {
  std::memcpy(to, &value, sizeof(T));
}

std::uint32_t crc(std::span<const std::byte> bytes, std::uint32_t before = 0) {
  return static_cast<std::uint32_t>(
      crc32(before, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

/// Of a record: what it holds, where it stands and whose it is, so that no stray block passes for it.
std::uint32_t record_crc(std::uint64_t identity, std::uint64_t number, std::span<const std::byte> record) {
  const std::array<std::uint64_t, 2> place = {identity, number};
  return crc(record, crc(std::as_bytes(std::span(place))));
}

Header header_of(const JournalFormat& format) {
  FEDSCAPE_CHECK(format.record_bytes >= 1 && format.record_bytes <= kLargestRecord, "journal records of {} bytes",
                 format.record_bytes);
  Header header{};
  put(kMagic, header.data());
  put(format.record_bytes, header.data() + 8);
  put(format.identity, header.data() + 16);
  put(crc(std::span(header).first<kHeader - kCrc>()), header.data() + kHeader - kCrc);
  return header;
}

/// Names the difference between the header of a file, maybe cut off, and the expected one.
void check_header(const std::filesystem::path& path, std::span<const std::byte> found, const JournalFormat& format) {
  const Header expected = header_of(format);
  if (std::equal(found.begin(), found.end(), expected.begin())) return;
  const std::size_t magic = std::min(found.size(), kMagic.size());
  FEDSCAPE_CHECK(std::equal(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(magic), expected.begin()),
                 "{}: a journal expected, found something else", path.string());
  std::uint32_t sum = 0;
  if (found.size() == kHeader) std::memcpy(&sum, found.data() + kHeader - kCrc, kCrc);
  FEDSCAPE_CHECK(found.size() == kHeader && sum == crc(found.first(kHeader - kCrc)),
                 "{}: the header of a journal expected, found a damaged one", path.string());
  JournalFormat other;
  std::memcpy(&other.record_bytes, found.data() + 8, 8);
  std::memcpy(&other.identity, found.data() + 16, 8);
  FEDSCAPE_CHECK(other.record_bytes == format.record_bytes, "{}: records of {} bytes expected, found {}", path.string(),
                 format.record_bytes, other.record_bytes);
  fail(fmt::format("{}: a journal of the same work expected ({:016x}), found one of other options or data ({:016x})",
                   path.string(), format.identity, other.identity));
}

}  // namespace

Journal::Journal(const std::filesystem::path& path, const JournalFormat& format) : path_(path), format_(format) {
  const Header header = header_of(format);
  frame_.resize(static_cast<std::size_t>(format.record_bytes) + kCrc);
  file_ = Handle<int, ::close, -1>(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666));
  if (!file_) fail_with_errno(path_, "cannot be created");
  write(header);
}

void Journal::append(std::span<const std::byte> record) {
  FEDSCAPE_CHECK(static_cast<std::int64_t>(record.size()) == format_.record_bytes,
                 "{}: records of {} bytes expected, not {}", path_.string(), format_.record_bytes, record.size());
  std::copy(record.begin(), record.end(), frame_.begin());
  put(record_crc(format_.identity, count_, record), frame_.data() + record.size());
  write(frame_);
  ++count_;
  if (since_sync_.seconds() > kSecondsBetweenSyncs) sync();
}

void Journal::sync() {
  if (!unsynced_) return;
  if (::fdatasync(file_.get()) != 0) fail_with_errno(path_, "cannot be written");
  unsynced_ = false;
  since_sync_.restart();
}

void Journal::write(std::span<const std::byte> bytes) {
  unsynced_ = true;
  while (!bytes.empty()) {  // once, but for a disk that is full
    const ssize_t written = ::write(file_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail_with_errno(path_, "cannot be written");
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

JournalRecords read_journal(const std::filesystem::path& path, const JournalFormat& format, std::int64_t most) {
  const std::int64_t frame = format.record_bytes + static_cast<std::int64_t>(kCrc);
  std::int64_t most_bytes = 0;
  FEDSCAPE_CHECK(most >= 0 && !__builtin_mul_overflow(most, frame, &most_bytes) &&
                     !__builtin_add_overflow(most_bytes, static_cast<std::int64_t>(kHeader) + frame, &most_bytes),
                 "{}: {} records of {} bytes", path.string(), most, frame);
  const std::vector<std::byte> file = read_bytes(path, most_bytes);
  check_header(path, std::span(file).first(std::min(file.size(), kHeader)), format);
  JournalRecords records;
  if (file.size() <= kHeader) return records;
  std::span<const std::byte> rest = std::span(file).subspan(kHeader);
  const auto record_bytes = static_cast<std::size_t>(format.record_bytes);
  for (; rest.size() >= record_bytes + kCrc; rest = rest.subspan(record_bytes + kCrc)) {
    const std::span<const std::byte> record = rest.first(record_bytes);
    std::uint32_t sum = 0;
    std::memcpy(&sum, rest.data() + record_bytes, kCrc);
    if (sum != record_crc(format.identity, static_cast<std::uint64_t>(records.count), record)) break;
    records.bytes.insert(records.bytes.end(), record.begin(), record.end());
    ++records.count;
  }
  records.dropped = (static_cast<std::int64_t>(rest.size()) + frame - 1) / frame;
  return records;
}

}  // namespace fedscape
