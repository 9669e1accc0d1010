#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fedscape/base/fields.hpp"
#include "fedscape/data/sample_lists.hpp"

namespace fedscape {

inline constexpr std::int64_t kMaxClients = std::int64_t{1} << 24;

/// Sample indices of each client. At most kMaxClients of them.
using Partition = SampleLists;

/// How samples are dealt to clients (algorithms.md 1.2). See `fedscape list partitions`.
struct PartitionOptions {
  std::string partition = "dirichlet";  // iid, dirichlet, label, map, real, shards, user
  std::int64_t clients = 100;
  double alpha = 0.5;                   // dirichlet: concentration; 0.5
  std::int64_t classes_per_client = 2;  // label: classes a client holds; shards: shards a client gets
  std::int64_t samples_per_client = 0;  // iid: exactly this many each; 0: all samples
  std::int64_t min_samples = 5;         // clients with fewer, or none, are dropped
  double local_test = 0.2;              // fraction held out as a client's own test set; 0: none
  void options(Fields& f);
};

/// Deals the samples with these labels. Finite and a function of its arguments for every alpha and client count.
/// `users`: natural owners for partition = user. No sample is dealt twice. Of the definitions (Li et al., MAP, IEEE
/// TKDE 2024, and its public code) two points differ: a class's samples are cut at rounded cumulative shares, so that
/// counts never exceed the class; and shares are kept as logarithms, so that no alpha gives 0/0. A class without holder
/// stays unused.
Partition partition(std::span<const std::int32_t> labels, int classes, std::span<const std::int32_t> users,
                    const PartitionOptions& options, std::uint64_t seed);

/// Training and own test samples of each client; clients with fewer than min_samples are gone (algorithms.md 1.1).
struct Clients {
  Partition train, test;
  std::int64_t dropped = 0;
  std::int64_t size() const { return static_cast<std::int64_t>(train.size()); }
};
/// The first max(floor(local_test * n), 1) samples of each client, in an order shuffled by key, are its test set; one
/// is left to train on. With local_test = 0 a client keeps all its samples, in the order they were dealt. An Error
/// where no client remains.
Clients make_clients(const Partition& partition, const PartitionOptions& options, std::uint64_t seed);

/// counts[k,c] = training samples of class c that client k holds; [K,C] row by row.
std::vector<std::int32_t> class_counts(const Partition& partition, std::span<const std::int32_t> labels, int classes);

struct PartitionEntry {
  std::string_view name, help;
};
std::span<const PartitionEntry> partitions();

}  // namespace fedscape
