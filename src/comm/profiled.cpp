#include "fedscape/comm/profiled.hpp"

#include "fedscape/device/profile.hpp"

namespace fedscape {

namespace {

constexpr const char* kRanks = "ranks";

class ProfiledCounter final : public Communicator::Counter {
 public:
  ProfiledCounter(std::unique_ptr<Counter> counter, Stream& stream) : counter_(std::move(counter)), stream_(stream) {}
  ~ProfiledCounter() override {
    const ProfileScope scope(stream_, Phase::waiting, kRanks);  // letting go of it is collective
    counter_.reset();
  }
  ProfiledCounter(const ProfiledCounter&) = delete;
  ProfiledCounter& operator=(const ProfiledCounter&) = delete;

  std::int64_t next() override {
    const ProfileScope scope(stream_, Phase::communication, "counter", {0, sizeof(std::int64_t)});
    return counter_->next();
  }
  void progress() override {
    const ProfileScope scope(stream_, Phase::communication, "progress");
    counter_->progress();
  }

 private:
  std::unique_ptr<Counter> counter_;
  Stream& stream_;
};

class Profiled final : public Communicator {
 public:
  Profiled(Communicator& comm, Stream& stream) : comm_(comm), stream_(stream) {}
  int rank() const override { return comm_.rank(); }
  int size() const override { return comm_.size(); }
  bool fills_node() const override { return comm_.fills_node(); }

  void sum(Stream& stream, View<std::int64_t> in_place) override {
    meet();
    const ProfileScope scope(stream_, Phase::communication, "sum", {0, 8.0 * static_cast<double>(in_place.size())});
    comm_.sum(stream, in_place);
  }
  void sum(Stream& stream, View<float> in_place) override {
    meet();
    const ProfileScope scope(stream_, Phase::communication, "sum", {0, 4.0 * static_cast<double>(in_place.size())});
    comm_.sum(stream, in_place);
  }
  void broadcast(std::span<std::byte> data, int root) override {
    meet();
    const ProfileScope scope(stream_, Phase::communication, "broadcast", {0, static_cast<double>(data.size())});
    comm_.broadcast(data, root);
  }
  void all_gather(std::span<const std::byte> mine, std::vector<std::byte>& all) override {
    meet();
    const ProfileScope scope(stream_, Phase::communication, "gather", {0, static_cast<double>(mine.size())});
    comm_.all_gather(mine, all);
  }
  std::int64_t max(std::int64_t value) override {
    meet();
    const ProfileScope scope(stream_, Phase::communication, "max", {0, sizeof value});
    return comm_.max(value);
  }
  double max(double value) override {
    meet();
    const ProfileScope scope(stream_, Phase::communication, "max", {0, sizeof value});
    return comm_.max(value);
  }
  void barrier() override { meet(); }
  std::unique_ptr<Communicator> split(int color) override { return comm_.split(color); }
  std::unique_ptr<Counter> make_counter() override {
    return std::make_unique<ProfiledCounter>(comm_.make_counter(), stream_);
  }
  std::shared_ptr<const void> share_on_node(std::size_t bytes,
                                            const std::function<void(std::span<std::byte>)>& fill) override {
    const ProfileScope scope(stream_, Phase::waiting, kRanks);  // all but one wait for it to be filled
    return comm_.share_on_node(bytes, [&](std::span<std::byte> memory) {
      const ProfileScope filling(stream_, Phase::io, "fill", {0, static_cast<double>(memory.size())});
      fill(memory);
    });
  }

 private:
  void meet() {
    const ProfileScope scope(stream_, Phase::waiting, kRanks);
    comm_.barrier();
  }

  Communicator& comm_;
  Stream& stream_;
};

}  // namespace

std::unique_ptr<Communicator> profiled(Communicator& comm, Stream& stream) {
  return std::make_unique<Profiled>(comm, stream);
}

}  // namespace fedscape
