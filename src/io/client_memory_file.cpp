#include "fedscape/io/client_memory_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>
#include <utility>

#include "fedscape/base/check.hpp"
#include "fedscape/base/handle.hpp"
#include "fedscape/io/atomic_file.hpp"
#include "src/io/client_memory_cache.hpp"

namespace fedscape {
namespace {

using Descriptor = Handle<int, ::close, -1>;

constexpr std::int64_t kPage = 4096;
constexpr std::array<char, 16> kMagic{"fedscape memory"};

struct FileHeader {
  std::array<char, 16> magic = kMagic;
  std::int64_t clients, floats;
  std::uint64_t run;
  std::uint64_t crc;  // of the bytes before
};

struct SlotHeader {
  std::int64_t client, round, floats;
  std::uint64_t data_crc;    // of the floats
  std::uint64_t header_crc;  // of the bytes before
  bool blank() const { return client == 0 && round == 0 && floats == 0 && data_crc == 0 && header_crc == 0; }
};
static_assert(sizeof(SlotHeader) == 40);

std::uint64_t crc_of(const void* data, std::size_t bytes) {
  return crc32_z(crc32_z(0, nullptr, 0), static_cast<const Bytef*>(data), bytes);
}
std::uint64_t crc_of(const FileHeader& header) { return crc_of(&header, offsetof(FileHeader, crc)); }
std::uint64_t crc_of(const SlotHeader& header) { return crc_of(&header, offsetof(SlotHeader, header_crc)); }

class ClientMemoryFile : public ClientMemory {
 public:
  ClientMemoryFile(std::filesystem::path path, const ClientMemoryShape& shape, std::int64_t completed)
      : path_(std::move(path)), shape_(shape), committed_(completed) {
    constexpr std::int64_t kHeader = sizeof(SlotHeader), kFloat = sizeof(float);
    FEDSCAPE_CHECK(shape.clients >= 0 && shape.floats >= 0 && shape.floats < (1LL << 40) && shape.clients < (1LL << 31),
                   "{}: memory of {} floats for {} clients", path_.string(), shape.floats, shape.clients);
    slot_bytes_ = (kHeader + shape.floats * kFloat + kPage - 1) / kPage * kPage;
    FEDSCAPE_CHECK(slot_bytes_ <= (1LL << 61) / (2 * shape.clients + 1), "{}: {} clients of {} floats are too many",
                   path_.string(), shape.clients, shape.floats);
  }

  /// Starts an empty file.
  void create() {
    open(O_RDWR | O_CREAT | O_TRUNC);
    FileHeader header{.clients = shape_.clients, .floats = shape_.floats, .run = shape_.run, .crc = 0};
    header.crc = crc_of(header);
    write(&header, sizeof header, 0);
    if (::fsync(file_.get()) != 0) fail_with_errno(path_, "cannot be written");
  }

  /// Opens a file that create() made, perhaps in another process.
  void reopen() {
    open(O_RDWR);
    FileHeader header;
    const bool complete = read(&header, sizeof header, 0);
    FEDSCAPE_CHECK(complete && header.magic == kMagic && header.crc == crc_of(header),
                   "{}: a file of client memory expected, found another or a damaged one", path_.string());
    FEDSCAPE_CHECK(header.clients == shape_.clients && header.floats == shape_.floats,
                   "{}: memory of {} floats for {} clients expected, found {} for {}", path_.string(), shape_.floats,
                   shape_.clients, header.floats, header.clients);
    FEDSCAPE_CHECK(header.run == shape_.run, "{}: client memory of run {:016x} expected, found that of run {:016x}",
                   path_.string(), shape_.run, header.run);
  }

  /// Blanks every slot that is newer than the completed rounds: a crash left it, and nobody may take it for current.
  void drop_newer() {
    constexpr std::int64_t kAhead = 256;
    const SlotHeader blank{};
    for (std::int64_t id = 0; id < shape_.clients; ++id) {
      if (id % kAhead == 0) read_headers_ahead(id, std::min(id + kAhead, shape_.clients));
      for (int version = 0; version < 2; ++version)
        if (header_of(static_cast<ClientId>(id), version).round > committed_)
          write(&blank, sizeof blank, offset(static_cast<ClientId>(id), version));
    }
  }

  bool load(ClientId id, std::span<float> out) override {
    check(id, out.size());
    const std::array<SlotHeader, 2> headers{header_of(id, 0), header_of(id, 1)};
    const int newest = headers[1].round > headers[0].round ? 1 : 0;
    if (headers[static_cast<std::size_t>(newest)].blank()) return false;
    const bool complete = read(out.data(), out.size_bytes(), offset(id, newest) + std::int64_t{sizeof(SlotHeader)});
    FEDSCAPE_CHECK(
        complete && crc_of(out.data(), out.size_bytes()) == headers[static_cast<std::size_t>(newest)].data_crc,
        "{}: damaged: the memory of client {} after round {} fails its checksum", path_.string(), id,
        headers[static_cast<std::size_t>(newest)].round);
    return true;
  }

  void store(ClientId id, std::int64_t round, std::span<const float> in) override {
    check(id, in.size());
    const std::int64_t committed = committed_;
    FEDSCAPE_CHECK(round > committed, "client {} stores memory of round {}, but {} are committed", id, round,
                   committed);
    SlotHeader header{.client = id,
                      .round = round,
                      .floats = shape_.floats,
                      .data_crc = crc_of(in.data(), in.size_bytes()),
                      .header_crc = 0};
    header.header_crc = crc_of(header);
    const std::int64_t at = offset(id, expendable(id, committed));
    // Data first: were the header to arrive alone, it would vouch for what is not there. Where it replaces one, the old
    // header is no longer needed, whatever becomes of its data.
    write(in.data(), in.size_bytes(), at + std::int64_t{sizeof header});
    write(&header, sizeof header, at);
    // The disk begins now, so that commit() waits for the rest alone. A failure shows there.
    ::sync_file_range(file_.get(), at, slot_bytes_, SYNC_FILE_RANGE_WRITE);
  }

  void commit(std::int64_t round) override {
    if (::fdatasync(file_.get()) != 0) fail_with_errno(path_, "cannot be written");
    committed_ = round;
  }

 private:
  void open(int flags) {
    file_ = Descriptor(::open(path_.c_str(), flags | O_CLOEXEC, 0666));
    if (!file_) fail_with_errno(path_, "client memory cannot be opened");
    struct stat status {};
    FEDSCAPE_CHECK(::fstat(file_.get(), &status) == 0 && S_ISREG(status.st_mode),
                   "{}: a file of client memory expected, found something else", path_.string());
  }

  void check(ClientId id, std::size_t floats) const {
    FEDSCAPE_CHECK(id >= 0 && id < shape_.clients && static_cast<std::int64_t>(floats) == shape_.floats,
                   "{}: client {} of {} with {} floats of {}", path_.string(), id, shape_.clients, floats,
                   shape_.floats);
  }

  std::int64_t offset(ClientId id, int version) const { return kPage + (2 * std::int64_t{id} + version) * slot_bytes_; }

  /// Headers lie far apart: asked for one by one, a disk would take its latency for each.
  void read_headers_ahead(std::int64_t begin, std::int64_t end) const {
    for (std::int64_t slot = 2 * begin; slot < 2 * end; ++slot)
      ::posix_fadvise(file_.get(), kPage + slot * slot_bytes_, kPage, POSIX_FADV_WILLNEED);
  }

  /// The header of a slot; blank where nothing was stored.
  SlotHeader header_of(ClientId id, int version) const {
    SlotHeader header{};
    if (!read(&header, sizeof header, offset(id, version)) || header.blank()) return {};
    FEDSCAPE_CHECK(header.header_crc == crc_of(header) && header.client == id && header.floats == shape_.floats,
                   "{}: damaged: the memory of client {} has no valid header", path_.string(), id);
    return header;
  }

  /// The slot that holds neither the state of the committed round nor, if there is a choice, anything.
  int expendable(ClientId id, std::int64_t committed) const {
    const std::int64_t first = header_of(id, 0).round, second = header_of(id, 1).round;
    if (first > committed) return 0;
    if (second > committed) return 1;
    return first <= second ? 0 : 1;
  }

  void write(const void* data, std::size_t bytes, std::int64_t at) const {
    for (std::size_t done = 0; done < bytes;) {
      const ssize_t count = ::pwrite(file_.get(), static_cast<const char*>(data) + done, bytes - done,
                                     at + static_cast<std::int64_t>(done));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) fail_with_errno(path_, "client memory cannot be written");
      done += static_cast<std::size_t>(count);
    }
  }

  /// False if the file ends before.
  bool read(void* data, std::size_t bytes, std::int64_t at) const {
    for (std::size_t done = 0; done < bytes;) {
      const ssize_t count =
          ::pread(file_.get(), static_cast<char*>(data) + done, bytes - done, at + static_cast<std::int64_t>(done));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) fail_with_errno(path_, "client memory cannot be read");
      if (count == 0) return false;
      done += static_cast<std::size_t>(count);
    }
    return true;
  }

  std::filesystem::path path_;
  ClientMemoryShape shape_;
  std::atomic<std::int64_t> committed_;
  std::int64_t slot_bytes_ = 0;
  Descriptor file_;
};

}  // namespace

std::int64_t memories_in(std::int64_t budget, std::int64_t floats) {
  if (budget == 0) return 0;
  const std::int64_t bytes = ClientMemoryCache::entry_bytes(floats), memories = budget / bytes;
  FEDSCAPE_CHECK(memories >= 2, "a memory budget of {} bytes; 2 memories of {} bytes are the least, or 0 for none",
                 budget, bytes);
  return memories;
}

std::unique_ptr<ClientMemory> open_client_memory(const std::filesystem::path& path, const ClientMemoryShape& shape,
                                                 std::int64_t completed, Communicator& comm, std::int64_t budget) {
  auto memory = std::make_unique<ClientMemoryFile>(path, shape, completed);
  std::int64_t memories = 0;
  agree(comm, [&] {
    memories = memories_in(budget, shape.floats);
    if (!comm.is_root()) return;
    if (completed == 0) return memory->create();
    memory->reopen();
    memory->drop_newer();
  });
  agree(comm, [&] {
    if (!comm.is_root()) memory->reopen();
  });
  if (memories == 0) return memory;
  return std::make_unique<ClientMemoryCache>(std::move(memory), shape.floats, memories);
}

}  // namespace fedscape
