#include "fedscape/io/atomic_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fedscape/base/check.hpp"
#include "tests/support/full_disk.hpp"
#include "tests/support/message_of.hpp"
#include "tests/support/temp_folder.hpp"

namespace fedscape {
namespace {

using test::message_of;

std::string text_of(const std::filesystem::path& path) {
  const std::vector<std::byte> bytes = read_bytes(path, 1 << 20);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void put(const std::filesystem::path& path, std::string_view text) {
  replace_file(path, std::as_bytes(std::span(text)));
}

TEST(AtomicFile, ReplacesTheFileAndLeavesNoTemporary) {
  const test::TempFolder folder;
  put(folder / "a", "first");
  put(folder / "a", "second");
  EXPECT_EQ(text_of(folder / "a"), "second");
  EXPECT_FALSE(std::filesystem::exists(folder / "a.tmp"));
}

TEST(AtomicFile, KeepsThePreviousFileOnAFullDisk) {
  const test::TempFolder folder;
  put(folder / "a", "first");
  const std::string large(100'000, 'x');
  std::string message;
  {
    const test::FullDisk full(4096);
    message = message_of([&] { put(folder / "a", large); });
  }
  EXPECT_THAT(message, testing::AllOf(testing::HasSubstr("/a: cannot be written"), testing::HasSubstr("too large")));
  EXPECT_EQ(text_of(folder / "a"), "first");
  EXPECT_FALSE(std::filesystem::exists(folder / "a.tmp"));
}

TEST(AtomicFile, LeavesThePreviousFileUnlessCommitted) {
  const test::TempFolder folder;
  put(folder / "a", "first");
  {
    AtomicFile file(folder / "a");
    file.write("half");
  }
  EXPECT_EQ(text_of(folder / "a"), "first");
  EXPECT_FALSE(std::filesystem::exists(folder / "a.tmp"));
}

TEST(AtomicFile, NamesAFolderThatDoesNotExist) {
  const test::TempFolder folder;
  EXPECT_THAT(message_of([&] { put(folder / "none/a", "x"); }), testing::HasSubstr("No such file or directory"));
}

TEST(AtomicFile, RefusesToReplaceADevice) {
  EXPECT_THAT(message_of([] { put("/dev/full", "x"); }), testing::HasSubstr("/dev/full: a file expected"));
  EXPECT_FALSE(std::filesystem::exists("/dev/full.tmp"));
}

TEST(AtomicFile, FollowsALinkToTheFileItStandsFor) {
  const test::TempFolder folder;
  put(folder / "a", "first");
  std::filesystem::create_symlink(folder / "a", folder / "link");
  put(folder / "link", "second");
  EXPECT_EQ(text_of(folder / "a"), "second");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
}

TEST(ReadBytes, RefusesFoldersAndFilesThatAreTooLarge) {
  const test::TempFolder folder;
  put(folder / "a", "12345");
  EXPECT_THAT(message_of([&] { read_bytes(folder / "", 10); }), testing::HasSubstr("a file expected"));
  EXPECT_THAT(message_of([&] { read_bytes(folder / "a", 4); }),
              testing::HasSubstr("at most 4 bytes expected, found 5"));
}

}  // namespace
}  // namespace fedscape
