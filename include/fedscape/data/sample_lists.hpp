#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <span>
#include <vector>

namespace fedscape {

/// Lists of sample indices, one behind the other in one array: 8 bytes a list and 4 a sample. Every rank holds the
/// lists of all clients, of which there may be millions.
class SampleLists {
 public:
  using value_type = std::span<const std::int32_t>;
  class const_iterator;

  SampleLists() = default;
  SampleLists(std::initializer_list<std::initializer_list<std::int32_t>> lists);
  /// List k of `lists` holds the samples[i] with owners[i] = k, in their order.
  SampleLists(std::size_t lists, std::span<const std::int32_t> owners, std::span<const std::int32_t> samples);

  /// Adds a list behind the last one.
  void add(value_type samples);
  void reserve(std::size_t lists, std::size_t samples);

  std::size_t size() const { return ends_.size(); }
  std::size_t samples() const { return samples_.size(); }  // of all lists
  /// Valid until a list is added.
  value_type operator[](std::size_t k) const {
    const auto begin = static_cast<std::size_t>(k == 0 ? 0 : ends_[k - 1]);
    return value_type(samples_).subspan(begin, static_cast<std::size_t>(ends_[k]) - begin);
  }
  const_iterator begin() const;
  const_iterator end() const;
  bool operator==(const SampleLists&) const = default;

 private:
  std::vector<std::int64_t> ends_;  // of each list
  std::vector<std::int32_t> samples_;
};

class SampleLists::const_iterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = SampleLists::value_type;
  using difference_type = std::ptrdiff_t;
  using pointer = const value_type*;
  using reference = value_type;

  const_iterator(const SampleLists& lists, std::size_t k) : lists_(&lists), k_(k) {}
  value_type operator*() const { return (*lists_)[k_]; }
  const_iterator& operator++() { return ++k_, *this; }
  bool operator==(const const_iterator&) const = default;

 private:
  const SampleLists* lists_;
  std::size_t k_;
};

inline SampleLists::const_iterator SampleLists::begin() const { return {*this, 0}; }
inline SampleLists::const_iterator SampleLists::end() const { return {*this, size()}; }

}  // namespace fedscape
