#include <cstring>

#include "fedscape/base/check.hpp"
#include "fedscape/io/load_dataset.hpp"

namespace fedscape {

namespace {

/// Everything of a data set but its samples, in one row of bytes. Written and read by the same program.
class Packer {
 public:
  template <class T>
  void add(const T& value) {
    add_bytes(&value, sizeof(value));
  }
  template <class T>
  void add_all(std::span<const T> values) {
    add(values.size());
    add_bytes(values.data(), values.size_bytes());
  }
  void add_texts(const std::vector<std::string>& texts) {
    add(texts.size());
    for (const std::string& text : texts) add_all(std::span<const char>(text));
  }
  std::vector<std::byte> bytes;

 private:
  void add_bytes(const void* data, std::size_t size) {
    const auto* const begin = static_cast<const std::byte*>(data);
    bytes.insert(bytes.end(), begin, begin + size);
  }
};

class Unpacker {
 public:
  explicit Unpacker(std::span<const std::byte> bytes) : bytes_(bytes) {}
  template <class T>
  T get() {
    T value{};
    take(&value, sizeof(value));
    return value;
  }
  template <class T>
  std::vector<T> get_all() {
    std::vector<T> values(get<std::size_t>());
    take(values.data(), values.size() * sizeof(T));
    return values;
  }
  std::vector<std::string> get_texts() {
    std::vector<std::string> texts(get<std::size_t>());
    for (std::string& text : texts) {
      const std::vector<char> letters = get_all<char>();
      text.assign(letters.begin(), letters.end());
    }
    return texts;
  }

 private:
  void take(void* to, std::size_t size) {
    if (size > 0) std::memcpy(to, bytes_.data(), size);
    bytes_ = bytes_.subspan(size);
  }
  std::span<const std::byte> bytes_;
};

std::vector<std::byte> pack(const Dataset& data) {
  Packer packer;
  packer.add_all(std::span<const char>(data.source()));
  packer.add_all(data.shape().extents());
  packer.add(data.classes());
  packer.add(data.type());
  packer.add_all(data.labels());
  packer.add_all(std::span<const std::int32_t>(data.users));
  packer.add_texts(data.class_names);
  packer.add_texts(data.user_names);
  packer.add_all(std::span<const float>(data.mean));
  packer.add_all(std::span<const float>(data.deviation));
  return packer.bytes;
}

Dataset unpack(std::span<const std::byte> bytes) {
  Unpacker unpacker(bytes);
  const std::vector<char> source = unpacker.get_all<char>();
  const Shape shape(unpacker.get_all<std::int64_t>());
  const int classes = unpacker.get<int>();
  const auto type = unpacker.get<SampleType>();
  Dataset data({source.begin(), source.end()}, shape, classes, type, nullptr, unpacker.get_all<std::int32_t>());
  data.users = unpacker.get_all<std::int32_t>();
  data.class_names = unpacker.get_texts();
  data.user_names = unpacker.get_texts();
  data.mean = unpacker.get_all<float>();
  data.deviation = unpacker.get_all<float>();
  return data;
}

/// The bytes of rank 0 on every rank.
std::vector<std::byte> broadcast(Communicator& comm, std::vector<std::byte> bytes) {
  std::uint64_t size = bytes.size();
  comm.broadcast(std::as_writable_bytes(std::span(&size, 1)), 0);
  bytes.resize(size);
  comm.broadcast(bytes, 0);
  return bytes;
}

}  // namespace

Dataset load_shared(Communicator& comm, const DataOptions& options, Split split) {
  if (comm.size() == 1) return load_dataset(options, split);
  Dataset read;
  agree(comm, [&] {
    if (comm.fills_node()) read = load_dataset(options, split);
  });
  const std::vector<std::byte> mine = comm.fills_node() ? pack(read) : std::vector<std::byte>();
  const std::vector<std::byte> roots = broadcast(comm, mine);
  std::uint64_t hash = comm.is_root() ? read.hash() : 0;
  comm.broadcast(std::as_writable_bytes(std::span(&hash, 1)), 0);
  agree(comm, [&] {
    FEDSCAPE_CHECK(!comm.fills_node() || (mine == roots && read.hash() == hash),
                   "{}: the nodes do not read the same data", read.source());
  });
  const Dataset data = unpack(roots);
  const auto bytes = static_cast<std::size_t>(data.sample_bytes());
  return data.with_samples(comm.share_on_node(
      bytes, [&](std::span<std::byte> shared) { std::memcpy(shared.data(), read.samples(), bytes); }));
}

}  // namespace fedscape
