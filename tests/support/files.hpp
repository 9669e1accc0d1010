#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace fedscape::test {

using Bytes = std::vector<std::uint8_t>;

/// Writes a file, and the folders above it where they are missing.
void write_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes);
void write_file(const std::filesystem::path& path, const std::string& text);
Bytes read_whole_file(const std::filesystem::path& path);
/// gzip of the bytes.
Bytes gzip(const Bytes& bytes);

}  // namespace fedscape::test
