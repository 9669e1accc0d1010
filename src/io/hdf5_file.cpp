#include "fedscape/io/hdf5_file.hpp"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>

#include "fedscape/base/check.hpp"
#include "fedscape/io/atomic_file.hpp"
#include "src/io/hdf5_native.hpp"

namespace fedscape::hdf5 {
namespace {

constexpr std::size_t kGrowth = 1 << 20;            // bytes by which a file in memory grows
constexpr std::int64_t kMostFileBytes = 1LL << 40;  // read into memory
constexpr std::size_t kSealBytes = File::kSeal.size() + 8;

/// What save() puts behind `bytes`.
std::string seal(std::span<const std::byte> bytes) {
  uLong crc = crc32_z(0, nullptr, 0);
  crc = crc32_z(crc, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  return fmt::format("{}{:08x}", File::kSeal, crc);
}

std::string_view end_of(std::span<const std::byte> bytes) {
  if (bytes.size() < kSealBytes) return {};
  return {reinterpret_cast<const char*>(bytes.data() + bytes.size() - kSealBytes), kSealBytes};
}

/// Access properties of a file that lives in memory and closes with its last object.
Id in_memory(const std::string& where) {
  Id access(HDF5_CHECK(where, H5Pcreate(H5P_FILE_ACCESS)));
  HDF5_CHECK(where, H5Pset_fapl_core(access.get(), kGrowth, false));
  return access;
}

/// HDF5 takes files of one name for one file: each one in memory gets its own.
std::string unique_name(const std::string& where, const Id& access) {
  return fmt::format("{} ({})", where, access.get());
}

Id open_image(std::span<const std::byte> image, const std::string& where) {
  const Id access = in_memory(where);
  // HDF5 copies the image; its interface merely forgot the const.
  HDF5_CHECK(where, H5Pset_file_image(access.get(), const_cast<std::byte*>(image.data()), image.size()));
  return Id(HDF5_CHECK(where, H5Fopen(unique_name(where, access).c_str(), H5F_ACC_RDWR, access.get())));
}

/// The bytes of a file that bears a seal, checked; empty if it bears none.
std::vector<std::byte> sealed_bytes(const std::filesystem::path& path) {
  std::vector<std::byte> bytes = read_bytes(path, kMostFileBytes);
  const std::string_view end = end_of(bytes);
  if (!end.starts_with(File::kSeal)) return {};
  const std::span<const std::byte> image = std::span(bytes).first(bytes.size() - kSealBytes);
  const std::string expected = seal(image);
  FEDSCAPE_CHECK(expected == end, "{}: damaged: checksum {} expected, found {}", path.string(), end.substr(8),
                 expected.substr(8));
  bytes.resize(image.size());
  return bytes;
}

bool bears_seal(const std::filesystem::path& path) {
  std::FILE* const raw = std::fopen(path.c_str(), "rb");
  if (raw == nullptr) fail_with_errno(path, "cannot be read");
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(raw, std::fclose);
  std::array<char, kSealBytes> end{};
  return std::fseek(raw, -static_cast<long>(kSealBytes), SEEK_END) == 0 &&
         std::fread(end.data(), 1, end.size(), raw) == end.size() &&
         std::string_view(end.data(), end.size()).starts_with(File::kSeal);
}

Group root_of(hid_t file, const std::string& where) {
  return Group(Id(HDF5_CHECK(where, H5Gopen2(file, "/", H5P_DEFAULT))), where + ": /");
}

void read_from_disk(const std::filesystem::path& path, const std::function<void(const Group&)>& read) {
  const std::string where = path.string();
  const Id file(HDF5_CHECK(where, H5Fopen(where.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT)));
  read(root_of(file.get(), where));
}

/// Reads in a child process, so that a crash or an endless loop within HDF5 ends the child alone. An Error within the
/// child is no matter: the parent will meet it again.
void probe(const std::filesystem::path& path, const std::function<void(const Group&)>& read) {
  const pid_t child = fork();
  if (child < 0) fail_with_errno(path, "no process to probe it in");
  if (child == 0) {
    const auto seconds = static_cast<rlim_t>(60 + std::filesystem::file_size(path) / 10'000'000);
    const rlimit time{seconds, seconds}, core{0, 0};
    setrlimit(RLIMIT_CPU, &time);
    setrlimit(RLIMIT_CORE, &core);
    try {
      read_from_disk(path, read);
    } catch (const Error&) {
    }
    _exit(0);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  FEDSCAPE_CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0,
                 "{}: damaged: an HDF5 file expected, found one that the HDF5 library fails on", path.string());
}

}  // namespace

File::File(Id id, std::filesystem::path path) : Group(std::move(id), path.string() + ": /"), path_(std::move(path)) {}

File File::create(const std::filesystem::path& path) {
  prepare();
  const std::string where = path.string();
  const Id access = in_memory(where);
  return File(
      Id(HDF5_CHECK(where, H5Fcreate(unique_name(where, access).c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.get()))),
      path);
}

File File::open(const std::filesystem::path& path) {
  prepare();
  const std::vector<std::byte> image = sealed_bytes(path);
  FEDSCAPE_CHECK(!image.empty(), "{}: a file written by fedscape expected, found no checksum at its end (cut short?)",
                 path.string());
  return File(open_image(image, path.string()), path);
}

void File::save() {
  const std::string where = path_.string();
  HDF5_CHECK(where, H5Fflush(id_.get(), H5F_SCOPE_GLOBAL));
  const std::int64_t size = HDF5_CHECK(where, H5Fget_file_image(id_.get(), nullptr, 0));
  std::vector<std::byte> image(static_cast<std::size_t>(size));
  HDF5_CHECK(where, H5Fget_file_image(id_.get(), image.data(), image.size()));
  AtomicFile file(path_);
  file.write(image);
  file.write(seal(image));
  file.commit();
}

void read_file(const std::filesystem::path& path, const std::function<void(const Group&)>& read) {
  prepare();
  if (bears_seal(path)) return read(File::open(path));
  FEDSCAPE_CHECK(std::filesystem::is_regular_file(path), "{}: a file expected, found something else", path.string());
  probe(path, read);
  read_from_disk(path, read);
}

}  // namespace fedscape::hdf5
