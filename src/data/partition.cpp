#include "fedscape/data/partition.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "fedscape/base/check.hpp"
#include "fedscape/base/rng.hpp"
#include "fedscape/base/suggest.hpp"

namespace fedscape {

namespace {

/// What the draws of a partition are for; the address within Purpose::partition.
enum Draw : std::uint32_t { kShares, kClassOrder, kSampleOrder, kClassLists, kShardOrder };

Draws draws(std::uint64_t seed, Draw what, std::int64_t index = 0) {
  return Draws({seed, Purpose::partition, static_cast<std::uint32_t>(index), what, 0});
}

/// What every way of dealing reads.
struct Deck {
  std::span<const std::int32_t> labels, users;
  int classes;
  const PartitionOptions& options;
  std::uint64_t seed;

  std::size_t clients() const { return static_cast<std::size_t>(options.clients); }
  /// The samples of each class in an order of their own.
  std::vector<std::vector<std::int32_t>> by_class() const {
    std::vector<std::vector<std::int32_t>> lists(static_cast<std::size_t>(classes));
    for (std::size_t i = 0; i < labels.size(); ++i)
      lists[static_cast<std::size_t>(labels[i])].push_back(static_cast<std::int32_t>(i));
    for (std::size_t c = 0; c < lists.size(); ++c)
      draws(seed, kClassOrder, static_cast<std::int64_t>(c)).shuffle(std::span(lists[c]));
    return lists;
  }
};

/// Part i of n equal parts of `items`, sizes differing by one at most.
std::span<const std::int32_t> part(std::span<const std::int32_t> items, std::size_t i, std::size_t n) {
  const std::size_t begin = items.size() * i / n, end = items.size() * (i + 1) / n;
  return items.subspan(begin, end - begin);
}

/// What has been dealt to whom, in the order of dealing.
class Dealt {
 public:
  Dealt(std::size_t clients, std::size_t samples) : clients_(clients) {
    owners_.reserve(samples);
    samples_.reserve(samples);
  }
  void give(std::size_t client, std::span<const std::int32_t> samples) {
    owners_.insert(owners_.end(), samples.size(), static_cast<std::int32_t>(client));
    samples_.insert(samples_.end(), samples.begin(), samples.end());
  }
  Partition partition() const { return Partition(clients_, owners_, samples_); }

 private:
  std::size_t clients_;
  std::vector<std::int32_t> owners_, samples_;
};

Partition deal_iid(const Deck& deck) {
  std::vector<std::int32_t> order(deck.labels.size());
  std::iota(order.begin(), order.end(), 0);
  draws(deck.seed, kSampleOrder).shuffle(std::span(order));
  std::size_t used = order.size();
  if (const std::int64_t each = deck.options.samples_per_client; each > 0) {
    const auto have = static_cast<std::int64_t>(order.size());
    FEDSCAPE_CHECK(each <= have / deck.options.clients, "partition iid: {} clients with {} samples each, but only {}",
                   deck.options.clients, each, have);
    used = static_cast<std::size_t>(each) * deck.clients();
  }
  Partition partition;
  partition.reserve(deck.clients(), used);
  for (std::size_t k = 0; k < deck.clients(); ++k) partition.add(part(std::span(order).first(used), k, deck.clients()));
  return partition;
}

constexpr double kNothing = -std::numeric_limits<double>::infinity();

/// ln of the weight with which each client asks for each class, [K,C]; kNothing: it does not hold the class.
struct LogShares {
  LogShares(std::size_t clients, int classes)
      : classes_(static_cast<std::size_t>(classes)), values_(clients * classes_, kNothing) {}
  std::span<double> row(std::size_t k) { return std::span(values_).subspan(k * classes_, classes_); }
  double at(std::size_t k, std::size_t c) const { return values_[k * classes_ + c]; }

 private:
  std::size_t classes_;
  std::vector<double> values_;
};

/// Deals each class in proportion to exp(shares): its samples are cut at n * (cumulative share), rounded. The last
/// holder's cumulative share is the total itself, so no sample is left over.
Partition deal_by_shares(const Deck& deck, const LogShares& shares) {
  Dealt dealt(deck.clients(), deck.labels.size());
  const auto lists = deck.by_class();
  for (std::size_t c = 0; c < lists.size(); ++c) {
    double largest = kNothing, total = 0, sum = 0;
    for (std::size_t k = 0; k < deck.clients(); ++k) largest = std::max(largest, shares.at(k, c));
    if (largest == kNothing) continue;
    for (std::size_t k = 0; k < deck.clients(); ++k) total += std::exp(shares.at(k, c) - largest);
    std::size_t begin = 0;
    for (std::size_t k = 0; k < deck.clients(); ++k) {
      sum += std::exp(shares.at(k, c) - largest);
      const auto end = static_cast<std::size_t>(std::llrint(sum / total * static_cast<double>(lists[c].size())));
      dealt.give(k, std::span(lists[c]).subspan(begin, end - begin));
      begin = end;
    }
  }
  return dealt.partition();
}

std::vector<std::int32_t> all_classes(int classes) {
  std::vector<std::int32_t> held(static_cast<std::size_t>(classes));
  std::iota(held.begin(), held.end(), 0);
  return held;
}

/// Distinct classes, between `least` and all of them, their number uniform.
std::vector<std::int32_t> draw_classes(Draws& draws, int classes, int least) {
  std::vector<std::int32_t> held = all_classes(classes);
  const int fewest = std::min(least, classes);
  const std::int64_t count = fewest + draws.below(classes - fewest + 1);
  draws.shuffle(std::span(held));
  held.resize(static_cast<std::size_t>(count));
  return held;
}

/// row = ln of a draw from Dir(alpha) on the held classes.
void draw_dirichlet(Draws& draws, double alpha, std::span<const std::int32_t> held, std::span<double> row) {
  double largest = kNothing, total = 0;
  for (const std::int32_t c : held) {
    double& value = row[static_cast<std::size_t>(c)];
    value = draws.log_gamma_variate(alpha);
    largest = std::max(largest, value);
  }
  for (const std::int32_t c : held) total += std::exp(row[static_cast<std::size_t>(c)] - largest);
  for (const std::int32_t c : held) row[static_cast<std::size_t>(c)] -= largest + std::log(total);
}

Partition deal_dirichlet(const Deck& deck) {
  const double alpha = deck.options.alpha;
  FEDSCAPE_CHECK(alpha >= 1e-9 && alpha <= 1e9, "partition dirichlet: alpha {}, expected 1e-9 to 1e9", alpha);
  LogShares shares(deck.clients(), deck.classes);
  const auto held = all_classes(deck.classes);
  for (std::size_t k = 0; k < deck.clients(); ++k) {
    Draws own = draws(deck.seed, kShares, static_cast<std::int64_t>(k));
    draw_dirichlet(own, alpha, held, shares.row(k));
  }
  return deal_by_shares(deck, shares);
}

Partition deal_map(const Deck& deck) {
  constexpr double kSizeDeviation = 0.3;  // of ln(size factor)
  LogShares shares(deck.clients(), deck.classes);
  for (std::size_t k = 0; k < deck.clients(); ++k) {
    Draws own = draws(deck.seed, kShares, static_cast<std::int64_t>(k));
    const auto held = draw_classes(own, deck.classes, 2);
    const double share = kSizeDeviation * own.normal() - std::log(static_cast<double>(held.size()));
    for (const std::int32_t c : held) shares.row(k)[static_cast<std::size_t>(c)] = share;
  }
  return deal_by_shares(deck, shares);
}

Partition deal_real(const Deck& deck) {
  constexpr std::array kAlphas = {0.01, 0.1, 0.5, 1.0, 10.0};
  LogShares shares(deck.clients(), deck.classes);
  const auto all = all_classes(deck.classes);
  for (std::size_t k = 0; k < deck.clients(); ++k) {
    Draws own = draws(deck.seed, kShares, static_cast<std::int64_t>(k));
    if (k < deck.clients() / 2) {
      const double alpha = kAlphas[static_cast<std::size_t>(own.below(kAlphas.size()))];
      draw_dirichlet(own, alpha, all, shares.row(k));
    } else {
      draw_dirichlet(own, 1.0, draw_classes(own, deck.classes, 1), shares.row(k));
    }
  }
  return deal_by_shares(deck, shares);
}

Partition deal_label(const Deck& deck) {
  const std::int64_t each = deck.options.classes_per_client, C = deck.classes;
  FEDSCAPE_CHECK(1 <= each && each <= C, "partition label: {} classes per client, expected 1 to {}", each, C);
  // Places of the endless list of shuffled class lists: client k has places k * each to (k+1) * each - 1.
  std::vector<std::vector<std::size_t>> holders(static_cast<std::size_t>(C));
  auto list = all_classes(deck.classes);
  for (std::int64_t place = 0; place < deck.options.clients * each; ++place) {
    if (place % C == 0) draws(deck.seed, kClassLists, place / C).shuffle(std::span(list));
    holders[static_cast<std::size_t>(list[static_cast<std::size_t>(place % C)])].push_back(
        static_cast<std::size_t>(place / each));
  }
  Dealt dealt(deck.clients(), deck.labels.size());
  const auto lists = deck.by_class();
  for (std::size_t c = 0; c < lists.size(); ++c) {
    const std::size_t share = holders[c].empty() ? 0 : lists[c].size() / holders[c].size();
    for (std::size_t i = 0; i < holders[c].size(); ++i)
      dealt.give(holders[c][i], std::span(lists[c]).subspan(i * share, share));
  }
  return dealt.partition();
}

/// McMahan et al., AISTATS 2017: samples sorted by label, cut into equal shards, dealt at random.
Partition deal_shards(const Deck& deck) {
  const std::int64_t each = deck.options.classes_per_client;
  FEDSCAPE_CHECK(1 <= each && each <= kMaxClients / deck.options.clients,
                 "partition shards: {} shards for each of {} clients, expected 1 or more and {} in all at most", each,
                 deck.options.clients, kMaxClients);
  std::vector<std::int32_t> sorted;
  sorted.reserve(deck.labels.size());
  for (const auto& list : deck.by_class()) sorted.insert(sorted.end(), list.begin(), list.end());
  std::vector<std::size_t> shards(deck.clients() * static_cast<std::size_t>(each));
  std::iota(shards.begin(), shards.end(), std::size_t{0});
  draws(deck.seed, kShardOrder).shuffle(std::span(shards));
  Dealt dealt(deck.clients(), sorted.size());
  for (std::size_t i = 0; i < shards.size(); ++i)
    dealt.give(i / static_cast<std::size_t>(each), part(sorted, shards[i], shards.size()));
  return dealt.partition();
}

Partition deal_user(const Deck& deck) {
  FEDSCAPE_CHECK(deck.users.size() == deck.labels.size(),
                 "partition user: owners of {} of {} samples are known; this data may have no natural owners",
                 deck.users.size(), deck.labels.size());
  const auto [least, most] = std::minmax_element(deck.users.begin(), deck.users.end());
  FEDSCAPE_CHECK(*least >= 0 && *most < kMaxClients, "partition user: owners {} to {}, expected 0 to {}", *least, *most,
                 kMaxClients - 1);
  std::vector<std::int32_t> all(deck.users.size());
  std::iota(all.begin(), all.end(), 0);
  return Partition(static_cast<std::size_t>(*most) + 1, deck.users, all);
}

struct Dealer {
  PartitionEntry entry;
  Partition (*deal)(const Deck&);
};
constexpr std::array kDealers = {
    Dealer{{"iid", "all samples in random order, cut evenly, or samples_per_client each"}, deal_iid},
    Dealer{{"dirichlet", "a client's class shares are a draw from Dir(alpha); sizes vary"}, deal_dirichlet},
    Dealer{{"label", "classes_per_client classes each, every class cut evenly among its holders"}, deal_label},
    Dealer{{"map", "2 or more classes each, evenly, times a log-normal size (0, 0.3): incomplete classes"}, deal_map},
    Dealer{{"real", "half of the clients Dir(0.01 to 10), half Dir(1) on a random subset of the classes"}, deal_real},
    Dealer{{"shards", "samples sorted by class, cut into shards, classes_per_client shards each"}, deal_shards},
    Dealer{{"user", "the natural owners of the samples; clients is ignored"}, deal_user},
};

constexpr auto kEntries = [] {
  std::array<PartitionEntry, kDealers.size()> entries{};
  for (std::size_t i = 0; i < entries.size(); ++i) entries[i] = kDealers[i].entry;
  return entries;
}();

}  // namespace

void PartitionOptions::options(Fields& f) {
  f.field("partition", partition, "how samples are dealt: iid, dirichlet, label, map, real, shards or user");
  f.field("clients", clients, "clients to deal samples to");
  f.field("alpha", alpha, "dirichlet: concentration; small: few classes per client");
  f.field("classes_per_client", classes_per_client, "label: classes a client holds; shards: shards it gets");
  f.field("samples_per_client", samples_per_client, "iid: exactly this many each; 0: all samples");
  f.field("min_samples", min_samples, "clients with fewer samples are dropped");
  f.field("local_test", local_test, "fraction of a client's samples held out as its own test set; 0: none");
}

std::span<const PartitionEntry> partitions() { return kEntries; }

Partition partition(std::span<const std::int32_t> labels, int classes, std::span<const std::int32_t> users,
                    const PartitionOptions& options, std::uint64_t seed) {
  FEDSCAPE_CHECK(1 <= options.clients && options.clients <= kMaxClients, "{} clients, expected 1 to {}",
                 options.clients, kMaxClients);
  FEDSCAPE_CHECK(options.samples_per_client >= 0, "{} samples per client, expected 0 or more",
                 options.samples_per_client);
  FEDSCAPE_CHECK(!labels.empty(), "no samples to deal");
  for (const std::int32_t label : labels)
    FEDSCAPE_CHECK(0 <= label && label < classes, "label {}, expected 0 to {}", label, classes - 1);
  for (const Dealer& dealer : kDealers)
    if (dealer.entry.name == options.partition) return dealer.deal({labels, users, classes, options, seed});
  std::array<std::string_view, kDealers.size()> names;
  std::transform(kDealers.begin(), kDealers.end(), names.begin(), [](const Dealer& d) { return d.entry.name; });
  fail(fmt::format("no partition is named '{}'{}", options.partition, suggestion(options.partition, names)));
}

}  // namespace fedscape
