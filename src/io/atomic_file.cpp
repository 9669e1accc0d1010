#include "fedscape/io/atomic_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "fedscape/base/check.hpp"
#include "fedscape/base/handle.hpp"

namespace fedscape {
namespace {

using Descriptor = Handle<int, ::close, -1>;

/// Where a path leads: a link is replaced at its destination, not turned into a file.
std::filesystem::path destination(const std::filesystem::path& path) {
  std::error_code error;
  const std::filesystem::path target = std::filesystem::canonical(path, error);
  if (error) return path;  // nothing there yet
  FEDSCAPE_CHECK(std::filesystem::is_regular_file(target, error), "{}: a file expected, found something else",
                 path.string());
  return target;
}

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

}  // namespace

void fail_with_errno(const std::filesystem::path& path, std::string_view what) {
  fail(fmt::format("{}: {} ({})", path.string(), what, std::strerror(errno)));
}

AtomicFile::AtomicFile(const std::filesystem::path& path) : path_(destination(path)) {
  temporary_ = path_;
  temporary_ += ".tmp";
  descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail_with_errno(path_, "cannot be written");
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(temporary_.c_str());
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail_with_errno(path_, "cannot be written");
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void AtomicFile::commit() {
  if (::fsync(descriptor_) != 0) fail_with_errno(path_, "cannot be written");
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail_with_errno(path_, "cannot be replaced");
  ::close(std::exchange(descriptor_, -1));
  const Descriptor folder(::open(folder_of(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder) ::fsync(folder.get());  // some file systems cannot; the file itself is safe by then
}

void replace_file(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

std::vector<std::byte> read_bytes(const std::filesystem::path& path, std::int64_t most) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) fail_with_errno(path, "cannot be read");
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) fail_with_errno(path, "cannot be read");
  FEDSCAPE_CHECK(S_ISREG(status.st_mode), "{}: a file expected, found something else", path.string());
  FEDSCAPE_CHECK(status.st_size <= most, "{}: at most {} bytes expected, found {}", path.string(), most,
                 status.st_size);
  std::vector<std::byte> bytes(static_cast<std::size_t>(status.st_size));
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t count = ::read(file.get(), bytes.data() + at, bytes.size() - at);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_with_errno(path, "cannot be read");
    FEDSCAPE_CHECK(count > 0, "{}: {} bytes expected, found {}", path.string(), bytes.size(), at);
    at += static_cast<std::size_t>(count);
  }
  return bytes;
}

}  // namespace fedscape
