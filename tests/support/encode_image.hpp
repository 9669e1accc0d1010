#pragma once

#include "tests/support/files.hpp"

namespace fedscape::test {

/// A JPEG (quality 95) or PNG file of pixels [height,width,channels], channels 1 or 3.
Bytes encode_jpeg(const Bytes& pixels, int height, int width, int channels);
Bytes encode_png(const Bytes& pixels, int height, int width, int channels);

}  // namespace fedscape::test
