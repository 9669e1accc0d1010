#include <algorithm>
#include <map>
#include <mutex>
#include <vector>

#include "fedscape/algo/federated/memory.hpp"
#include "fedscape/base/check.hpp"

namespace fedscape {

namespace {

class MemoryInRam : public ClientMemory {
 public:
  bool load(ClientId id, std::span<float> out) override {
    const std::lock_guard lock(mutex_);
    const auto found = rows_.find(id);
    if (found == rows_.end()) return false;
    FEDSCAPE_CHECK(found->second.size() == out.size(), "client {} remembers {} floats; {} are asked for", id,
                   found->second.size(), out.size());
    std::copy(found->second.begin(), found->second.end(), out.begin());
    return true;
  }

  void store(ClientId id, std::int64_t, std::span<const float> in) override {
    const std::lock_guard lock(mutex_);
    rows_[id].assign(in.begin(), in.end());
  }

  void commit(std::int64_t) override {}

 private:
  std::mutex mutex_;
  std::map<ClientId, std::vector<float>> rows_;
};

}  // namespace

std::unique_ptr<ClientMemory> make_memory_in_ram() { return std::make_unique<MemoryInRam>(); }

}  // namespace fedscape
