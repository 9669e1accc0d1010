#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "fedscape/data/image_folder.hpp"

namespace fedscape {

/// read_image of the bytes of one format; `path` for messages.
Image decode_jpeg(const std::string& path, std::span<const std::uint8_t> bytes, int channels);
Image decode_png(const std::string& path, std::span<const std::uint8_t> bytes, int channels);

/// Room for an image that a file of so many bytes declares; an Error where no such file can hold it.
Image make_image(const std::string& path, std::size_t bytes, std::int64_t height, std::int64_t width, int channels);

}  // namespace fedscape
