#include "fedscape/io/journal.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <string>

#include "fedscape/io/atomic_file.hpp"
#include "tests/support/message_of.hpp"
#include "tests/support/temp_folder.hpp"

namespace fedscape {
namespace {

constexpr JournalFormat kFormat{.record_bytes = 12, .identity = 0x1234};
constexpr std::int64_t kHeader = 32, kFrame = 16;

std::vector<std::byte> record(int number) {
  std::vector<std::byte> bytes(12);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(7 * number + static_cast<int>(i));
  return bytes;
}

void write_file(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()), std::ssize(bytes));
}

/// The bytes of a journal of `count` records.
std::vector<std::byte> journal_of(const test::TempFolder& folder, int count) {
  const auto path = folder / "whole";
  std::filesystem::remove(path);
  {
    Journal journal(path, kFormat);
    for (int i = 0; i < count; ++i) journal.append(record(i));
  }
  return read_bytes(path, 1 << 20);
}

void expect_first(const JournalRecords& records, std::int64_t count) {
  ASSERT_EQ(records.count, count);
  std::vector<std::byte> expected;
  for (int i = 0; i < count; ++i) {
    const auto next = record(i);
    expected.insert(expected.end(), next.begin(), next.end());
  }
  EXPECT_EQ(records.bytes, expected);
}

TEST(Journal, GivesBackWhatWasRecorded) {
  const test::TempFolder folder;
  for (const int count : {0, 1, 5}) {
    journal_of(folder, count);
    const JournalRecords records = read_journal(folder / "whole", kFormat, 5);
    expect_first(records, count);
    EXPECT_EQ(records.dropped, 0);
  }
}

TEST(Journal, IsReadableWhileItIsWritten) {
  const test::TempFolder folder;
  Journal journal(folder / "live", kFormat);
  for (int i = 0; i < 3; ++i) {
    journal.append(record(i));
    expect_first(read_journal(folder / "live", kFormat, 100), i + 1);
  }
}

TEST(Journal, CutOffAnywhereKeepsItsWholeRecords) {
  const test::TempFolder folder;
  const std::vector<std::byte> whole = journal_of(folder, 3);
  for (std::int64_t size = 0; size <= static_cast<std::int64_t>(whole.size()); ++size) {
    write_file(folder / "cut", std::span(whole).first(static_cast<std::size_t>(size)));
    const JournalRecords records = read_journal(folder / "cut", kFormat, 3);
    const std::int64_t behind = std::max<std::int64_t>(size - kHeader, 0);
    expect_first(records, behind / kFrame);
    EXPECT_EQ(records.dropped, behind % kFrame != 0) << size;
  }
}

TEST(Journal, EndsAtADamagedRecordAndSaysHowManyWereDropped) {
  const test::TempFolder folder;
  for (std::int64_t at = kHeader; at < kHeader + 3 * kFrame; ++at) {
    std::vector<std::byte> bytes = journal_of(folder, 3);
    bytes[static_cast<std::size_t>(at)] ^= std::byte{0x20};
    write_file(folder / "bad", bytes);
    const JournalRecords records = read_journal(folder / "bad", kFormat, 3);
    const std::int64_t good = (at - kHeader) / kFrame;
    expect_first(records, good);
    EXPECT_EQ(records.dropped, 3 - good);
  }
}

TEST(Journal, RefusesADamagedHeader) {
  const test::TempFolder folder;
  for (std::size_t at = 0; at < kHeader; ++at) {
    std::vector<std::byte> bytes = journal_of(folder, 2);
    bytes[at] ^= std::byte{1};
    write_file(folder / "bad", bytes);
    EXPECT_NE(test::message_of([&] { read_journal(folder / "bad", kFormat, 9); }).find("bad: "), std::string::npos);
  }
}

TEST(Journal, TakesNoRecordFromAnotherPlace) {
  const test::TempFolder folder;
  std::vector<std::byte> bytes = journal_of(folder, 3);
  std::copy_n(bytes.begin() + kHeader, kFrame, bytes.begin() + kHeader + kFrame);  // the first record twice
  write_file(folder / "bad", bytes);
  expect_first(read_journal(folder / "bad", kFormat, 3), 1);
}

TEST(Journal, OfAnotherWorkIsRefusedByName) {
  const test::TempFolder folder;
  journal_of(folder, 1);
  const auto read_as = [&](JournalFormat format) {
    return test::message_of([&] { read_journal(folder / "whole", format, 9); });
  };
  EXPECT_NE(read_as({12, 0x99}).find("one of other options or data (0000000000001234)"), std::string::npos);
  EXPECT_NE(read_as({20, 0x1234}).find("records of 20 bytes expected, found 12"), std::string::npos);
  std::ofstream(folder / "text") << "not a journal, but long enough to hold a header of one";
  EXPECT_NE(test::message_of([&] { read_journal(folder / "text", kFormat, 9); }).find("found something else"),
            std::string::npos);
  EXPECT_NE(test::message_of([&] { read_journal(folder / "none", kFormat, 9); }).find("none: "), std::string::npos);
}

TEST(Journal, WithMoreRecordsThanThereCanBeIsRefused) {
  const test::TempFolder folder;
  journal_of(folder, 9);
  EXPECT_THROW(read_journal(folder / "whole", kFormat, 7), Error);
}

TEST(Journal, NeverOverwritesAFile) {
  const test::TempFolder folder;
  journal_of(folder, 2);
  EXPECT_NE(test::message_of([&] { Journal(folder / "whole", kFormat); }).find("cannot be created"), std::string::npos);
  expect_first(read_journal(folder / "whole", kFormat, 2), 2);
}

TEST(Journal, KeepsItsRecordsWhenThereIsNoMoreRoom) {
  const test::TempFolder folder;
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit old_limit{};
  getrlimit(RLIMIT_FSIZE, &old_limit);
  Journal journal(folder / "full", kFormat);
  const rlimit limit{kHeader + 2 * kFrame + 5, old_limit.rlim_max};
  setrlimit(RLIMIT_FSIZE, &limit);
  const std::string message = test::message_of([&] {
    for (int i = 0; i < 4; ++i) journal.append(record(i));
  });
  setrlimit(RLIMIT_FSIZE, &old_limit);
  std::signal(SIGXFSZ, old_handler);
  EXPECT_NE(message.find("full: cannot be written"), std::string::npos);
  expect_first(read_journal(folder / "full", kFormat, 4), 2);
}

}  // namespace
}  // namespace fedscape
