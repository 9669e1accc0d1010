#include <png.h>

#include "fedscape/base/check.hpp"
#include "src/data/image_decoder.hpp"

namespace fedscape {

Image decode_png(const std::string& path, std::span<const std::uint8_t> bytes, int channels) {
  struct Reader {
    png_image image{};
    Reader() { image.version = PNG_IMAGE_VERSION; }
    ~Reader() { png_image_free(&image); }
  } reader;
  png_image& png = reader.image;
  // A warning means damage or a value out of range; what libpng makes of it is not what was stored.
  const auto check = [&](int good) {
    FEDSCAPE_CHECK(good != 0 && !PNG_IMAGE_FAILED(png), "{}: {}", path, static_cast<const char*>(png.message));
  };
  check(png_image_begin_read_from_memory(&png, bytes.data(), bytes.size()));
  const bool grey = channels == 1 || (channels == 0 && (png.format & PNG_FORMAT_FLAG_COLOR) == 0);
  png.format = grey ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  Image image = make_image(path, bytes.size(), png.height, png.width, grey ? 1 : 3);
  const png_color black = {0, 0, 0};  // behind transparent pixels
  check(png_image_finish_read(&png, &black, image.pixels.data(), 0, nullptr));
  return image;
}

}  // namespace fedscape
