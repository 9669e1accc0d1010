#include "fedscape/data/file_bytes.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "fedscape/base/check.hpp"

namespace fedscape {

namespace {

/// DEFLATE's best: a length of 258 in a little more than 2 bits (RFC 1951; 1032 is zlib's own bound).
constexpr std::int64_t kMostInflation = 1032;
constexpr std::size_t kFirstBlock = std::size_t{1} << 22;

}  // namespace

std::int64_t regular_file_size(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  FEDSCAPE_CHECK(std::filesystem::exists(status), "{}: no such file", path);
  FEDSCAPE_CHECK(!std::filesystem::is_directory(status), "{}: expected a file, found a directory", path);
  FEDSCAPE_CHECK(std::filesystem::is_regular_file(status), "{}: not a regular file", path);
  const auto size = std::filesystem::file_size(path, error);
  FEDSCAPE_CHECK(!error, "{}: {}", path, error.message());
  return static_cast<std::int64_t>(size);
}

FileBytes::FileBytes(const std::string& path) : path_(path) {
  const std::int64_t size = regular_file_size(path);
  file_ = Handle<gzFile, gzclose_r>(gzopen(path.c_str(), "rb"));
  FEDSCAPE_CHECK(file_, "{}: cannot be opened: {}", path, std::strerror(errno));
  gzbuffer(file_.get(), 1 << 17);
  const bool raw = gzdirect(file_.get()) != 0;
  most_ = raw ? size : size * kMostInflation;
}

std::int64_t FileBytes::read_some(std::span<std::uint8_t> out) {
  constexpr std::size_t kMost = std::size_t{1} << 30;  // gzread counts in unsigned int
  const int count = gzread(file_.get(), out.data(), static_cast<unsigned>(std::min(out.size(), kMost)));
  int code = Z_OK;
  const char* message = gzerror(file_.get(), &code);
  FEDSCAPE_CHECK(count >= 0 && (code == Z_OK || code == Z_STREAM_END), "{}: {} after {} bytes", path_,
                 code == Z_BUF_ERROR ? "the compressed file ends early"
                 : code == Z_ERRNO   ? std::strerror(errno)
                                     : message,
                 position_ + std::max(count, 0));
  position_ += count;
  return count;
}

void FileBytes::read(std::span<std::uint8_t> out, const std::string& what) {
  const std::int64_t begin = position_;
  for (std::size_t done = 0; done < out.size();) {
    const std::int64_t count = read_some(out.subspan(done));
    FEDSCAPE_CHECK(count > 0, "{}: expected {} bytes of {} from byte {}, found {}", path_, out.size(), what, begin,
                   position_ - begin);
    done += static_cast<std::size_t>(count);
  }
}

std::vector<std::uint8_t> FileBytes::take(std::int64_t size, const std::string& what) {
  FEDSCAPE_CHECK(size <= most_, "{}: expected {} bytes of {}, more than the file can hold", path_, size, what);
  const auto wanted = static_cast<std::size_t>(size);
  std::vector<std::uint8_t> bytes;
  while (bytes.size() < wanted) {
    const std::size_t have = bytes.size(), block = std::max(have, kFirstBlock);
    bytes.resize(std::min(wanted, have + block));
    read(std::span(bytes).subspan(have), what);
  }
  return bytes;
}

void FileBytes::finish() {
  std::array<std::uint8_t, 1> extra{};
  FEDSCAPE_CHECK(read_some(extra) == 0, "{}: expected {} bytes, found more", path_, position_ - 1);
}

}  // namespace fedscape
