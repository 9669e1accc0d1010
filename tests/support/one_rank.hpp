#pragma once

#include <algorithm>
#include <cstring>

#include "fedscape/comm/communicator.hpp"

namespace fedscape::test {

/// A world of one rank without MPI.
class OneRank : public Communicator {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  void sum(Stream&, View<std::int64_t>) override {}
  void sum(Stream&, View<float>) override {}
  void broadcast(std::span<std::byte>, int) override {}
  void all_gather(std::span<const std::byte> mine, std::vector<std::byte>& all) override {
    all.assign(mine.begin(), mine.end());
  }
  std::int64_t max(std::int64_t value) override { return value; }
  double max(double value) override { return value; }
  void barrier() override {}
  std::unique_ptr<Communicator> split(int) override { return std::make_unique<OneRank>(); }
  std::unique_ptr<Counter> make_counter() override { return std::make_unique<OneCounter>(); }
  std::shared_ptr<const void> share_on_node(std::size_t bytes,
                                            const std::function<void(std::span<std::byte>)>& fill) override {
    auto memory = std::make_shared<std::vector<std::byte>>(bytes);
    fill(*memory);
    return {memory, memory->data()};
  }
  bool fills_node() const override { return true; }

 private:
  class OneCounter : public Counter {
   public:
    std::int64_t next() override { return next_++; }
    void progress() override {}

   private:
    std::int64_t next_ = 0;
  };
};

}  // namespace fedscape::test
