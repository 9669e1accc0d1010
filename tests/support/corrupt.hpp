#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <random>
#include <string>

#include "fedscape/base/check.hpp"

namespace fedscape::test {

/// How many corrupted copies a test reads: `usual`, or FEDSCAPE_CORRUPTIONS where that is set (the long loops).
inline int corruptions(int usual) {
  const char* const count = std::getenv("FEDSCAPE_CORRUPTIONS");
  return count != nullptr ? std::atoi(count) : usual;
}

/// One of the things that happen to files: bytes flipped or overwritten by extremes, a tail cut off, a run of bytes
/// zeroed, dropped or doubled. Half of them near the beginning, where formats keep their structure.
inline std::string corrupted(std::string bytes, std::mt19937& random) {
  const auto below = [&](std::size_t n) {
    return n == 0 ? 0 : std::uniform_int_distribution<std::size_t>(0, n - 1)(random);
  };
  for (std::size_t hits = 1 + below(4); hits > 0 && !bytes.empty(); --hits) {
    const std::size_t at = below(below(2) == 0 ? bytes.size() : std::min<std::size_t>(bytes.size(), 1024));
    const std::size_t run = std::min(bytes.size() - at, 1 + below(64));
    switch (below(7)) {
      case 0:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
        break;
      case 1:
        bytes[at] = static_cast<char>(below(256));
        break;
      case 2:
        std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), run, '\xff');
        break;
      case 3:
        std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), run, '\0');
        break;
      case 4:
        bytes.erase(at, run);
        break;
      case 5:
        bytes.insert(at, bytes.substr(at, run));
        break;
      default:
        bytes.resize(at);
    }
  }
  return bytes;
}

/// Reads corrupted copies of `original`, each written to `copy`: `read` may succeed or throw Error, and nothing else.
/// Returns how many copies it refused.
inline int count_refused(const std::filesystem::path& original, const std::filesystem::path& copy, int copies,
                         const std::function<void()>& read) {
  std::ifstream in(original, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), {});
  FEDSCAPE_CHECK(!bytes.empty(), "{}: nothing to corrupt", original.string());
  int refused = 0;
  for (int i = 0; i < copies; ++i) {
    std::mt19937 random(static_cast<std::uint32_t>(i));
    std::ofstream(copy, std::ios::binary | std::ios::trunc) << corrupted(bytes, random);
    try {
      read();
    } catch (const Error&) {
      ++refused;
    }
  }
  return refused;
}

}  // namespace fedscape::test
