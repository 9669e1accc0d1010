#include "src/io/client_memory_cache.hpp"

#include <algorithm>

#include "fedscape/base/check.hpp"

namespace fedscape {

ClientMemoryCache::ClientMemoryCache(std::unique_ptr<ClientMemory> behind, std::int64_t floats, std::int64_t entries)
    : behind_(std::move(behind)),
      floats_(static_cast<std::size_t>(floats)),
      most_(static_cast<std::size_t>(entries)),
      thread_([this] { work(); }) {}

ClientMemoryCache::~ClientMemoryCache() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

bool ClientMemoryCache::load(ClientId id, std::span<float> out) {
  Lock lock(mutex_);
  FEDSCAPE_CHECK(out.size() == floats_, "client {} remembers {} floats; {} are asked for", id, floats_, out.size());
  ++traffic_.loads;
  Entry* entry = find(id, lock);
  if (entry != nullptr) {
    ++traffic_.hits;
  } else if (Entry* const room = make_room(lock); (entry = find(id, lock)) != nullptr) {
    give_back(*room);  // meanwhile it was read ahead
  } else {
    entry = fetch(*room, id, lock);
  }
  used(*entry);
  if (entry->known) std::copy(entry->floats.begin(), entry->floats.end(), out.begin());
  return entry->known;
}

void ClientMemoryCache::store(ClientId id, std::int64_t round, std::span<const float> in) {
  Lock lock(mutex_);
  FEDSCAPE_CHECK(in.size() == floats_, "client {} remembers {} floats; {} are stored", id, floats_, in.size());
  Entry* entry = find(id, lock);
  if (entry == nullptr) {
    Entry* const room = make_room(lock);
    if ((entry = find(id, lock)) != nullptr)
      give_back(*room);
    else
      entry = &insert(*room, id);
  }
  used(*entry);
  std::copy(in.begin(), in.end(), entry->floats.begin());
  dirty_ += entry->dirty ? 0 : 1;
  entry->dirty = entry->known = true;
  entry->round = round;
}

/// By client, as in the file: a disk writes neighbours faster.
void ClientMemoryCache::commit(std::int64_t round) {
  Lock lock(mutex_);
  check_failure();
  std::vector<ClientId> ids;
  for (const auto& [id, entry] : by_client_)
    if (entry->dirty) ids.push_back(id);
  std::sort(ids.begin(), ids.end());
  for (const ClientId id : ids)
    if (Entry* const entry = find(id, lock); entry != nullptr && entry->dirty) write(*entry, lock);
  behind_->commit(round);
}

void ClientMemoryCache::expect(std::span<const ClientId> ids) {
  const std::lock_guard lock(mutex_);
  wanted_.assign(ids.begin(), ids.end());
  for (Entry* const entry : by_use_) entry->expected = false;
  ahead_ = 0;
  changed_.notify_all();
}

ClientMemoryTraffic ClientMemoryCache::traffic() const {
  const std::lock_guard lock(mutex_);
  return traffic_;
}

/// The entry of a client, once nobody is reading or writing it; null if there is none.
ClientMemoryCache::Entry* ClientMemoryCache::find(ClientId id, Lock& lock) {
  while (true) {
    check_failure();
    const auto found = by_client_.find(id);
    if (found == by_client_.end()) return nullptr;
    if (!found->second->busy) return found->second;
    changed_.wait(lock);
  }
}

/// An entry that holds no client; where all are dirty, waits until one has been written.
ClientMemoryCache::Entry* ClientMemoryCache::make_room(Lock& lock) {
  while (true) {
    check_failure();
    if (Entry* const entry = droppable(true)) return entry;
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock);
    --waiting_;
  }
}

/// The same without waiting; null where there is none. What was read ahead goes last, and not for more of its kind; of
/// it what was read last, for that is needed last.
ClientMemoryCache::Entry* ClientMemoryCache::droppable(bool expected_too) {
  if (free_.empty() && entries_.size() < most_) {
    entries_.emplace_back().floats.resize(floats_);
    return &entries_.back();
  }
  if (free_.empty()) {
    overflowed_ = true;
    Entry* last = nullptr;
    for (auto use = by_use_.rbegin(); use != by_use_.rend() && (last == nullptr || last->expected); ++use)
      if (!(*use)->busy && !(*use)->dirty && (!(*use)->expected || expected_too)) last = *use;
    if (last == nullptr) return nullptr;
    forget(*last);
  }
  Entry* const entry = free_.back();
  free_.pop_back();
  return entry;
}

ClientMemoryCache::Entry& ClientMemoryCache::insert(Entry& entry, ClientId id) {
  entry.id = id;
  entry.known = entry.dirty = entry.busy = entry.expected = false;
  by_client_[id] = &entry;
  by_use_.push_front(&entry);
  entry.use = by_use_.begin();
  return entry;
}

void ClientMemoryCache::forget(Entry& entry) {
  ahead_ -= entry.expected ? 1 : 0;
  by_client_.erase(entry.id);
  by_use_.erase(entry.use);
  give_back(entry);
}

void ClientMemoryCache::give_back(Entry& entry) {
  free_.push_back(&entry);
  changed_.notify_all();
}

void ClientMemoryCache::touch(Entry& entry) { by_use_.splice(by_use_.begin(), by_use_, entry.use); }

void ClientMemoryCache::used(Entry& entry) {
  touch(entry);
  if (!entry.expected) return;
  entry.expected = false;
  --ahead_;
  changed_.notify_all();  // there is room to read on
}

/// Reads a client into an entry that holds none.
ClientMemoryCache::Entry* ClientMemoryCache::fetch(Entry& room, ClientId id, Lock& lock, bool expected) {
  Entry& entry = insert(room, id);
  entry.expected = expected;
  entry.busy = true;
  lock.unlock();
  std::exception_ptr failure;
  bool known = false;
  try {
    known = behind_->load(id, entry.floats);
  } catch (...) {
    failure = std::current_exception();
  }
  lock.lock();
  entry.busy = false;
  entry.known = known;
  traffic_.read += known ? static_cast<std::int64_t>(4 * floats_) : 0;
  changed_.notify_all();
  if (failure) {
    forget(entry);
    std::rethrow_exception(failure);
  }
  return &entry;
}

void ClientMemoryCache::write(Entry& entry, Lock& lock) {
  entry.busy = true;
  lock.unlock();
  std::exception_ptr failure;
  try {
    behind_->store(entry.id, entry.round, entry.floats);
  } catch (...) {
    failure = std::current_exception();
  }
  lock.lock();
  entry.busy = false;
  changed_.notify_all();
  if (failure) std::rethrow_exception(failure);
  entry.dirty = false;
  --dirty_;
  traffic_.written += static_cast<std::int64_t>(4 * floats_);
}

void ClientMemoryCache::check_failure() {
  if (failure_) std::rethrow_exception(failure_);
}

/// What the thread does. Who waits for room comes first, then reading ahead, then making room in advance.
void ClientMemoryCache::work() {
  Lock lock(mutex_);
  while (!ending_) {
    try {
      if (!failure_ && ((waiting_ > 0 && write_behind(lock)) || read_ahead(lock) || write_behind(lock))) continue;
    } catch (...) {
      failure_ = std::current_exception();
      changed_.notify_all();
      continue;
    }
    changed_.wait(lock);
  }
}

/// Up to half of the entries may hold what is to come. False where there is nothing to do.
bool ClientMemoryCache::read_ahead(Lock& lock) {
  if (wanted_.empty() || ahead_ > most_ / 2) return false;
  const ClientId id = wanted_.front();
  if (const auto found = by_client_.find(id); found != by_client_.end()) {
    touch(*found->second);
    wanted_.pop_front();
    return true;
  }
  Entry* const room = droppable(false);
  if (room == nullptr) return false;
  wanted_.pop_front();
  ++ahead_;
  fetch(*room, id, lock, true);
  return true;
}

bool ClientMemoryCache::write_behind(Lock& lock) {
  const std::size_t spare = by_client_.size() - dirty_ - ahead_;
  if (dirty_ == 0 || !overflowed_ || (spare > most_ / 8 && waiting_ == 0)) return false;
  for (auto use = by_use_.rbegin(); use != by_use_.rend(); ++use) {
    if (!(*use)->dirty || (*use)->busy) continue;
    write(**use, lock);
    return true;
  }
  return false;
}

}  // namespace fedscape
