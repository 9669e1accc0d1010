#include "tests/support/encode_image.hpp"

#include <png.h>

#include <cstdio>
#include <cstdlib>

// jpeglib.h needs FILE before it.
#include <jpeglib.h>

#include "fedscape/base/check.hpp"

namespace fedscape::test {

Bytes encode_jpeg(const Bytes& pixels, int height, int width, int channels) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* memory = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &memory, &size);
  info.image_height = static_cast<JDIMENSION>(height);
  info.image_width = static_cast<JDIMENSION>(width);
  info.input_components = channels;
  info.in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, 95, TRUE);
  jpeg_start_compress(&info, TRUE);
  Bytes copy = pixels;
  while (info.next_scanline < info.image_height) {
    JSAMPROW row = copy.data() + info.next_scanline * static_cast<std::size_t>(width * channels);
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  const Bytes file(memory, memory + size);
  std::free(memory);
  return file;
}

Bytes encode_png(const Bytes& pixels, int height, int width, int channels) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  png.height = static_cast<png_uint_32>(height);
  png.width = static_cast<png_uint_32>(width);
  png.format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  png_alloc_size_t size = 0;
  FEDSCAPE_CHECK(png_image_write_get_memory_size(png, size, 0, pixels.data(), 0, nullptr), "png: {}", png.message);
  Bytes file(size);
  FEDSCAPE_CHECK(png_image_write_to_memory(&png, file.data(), &size, 0, pixels.data(), 0, nullptr), "png: {}",
                 png.message);
  file.resize(size);
  return file;
}

}  // namespace fedscape::test
