#include <csetjmp>
#include <cstddef>
#include <cstdio>

// jpeglib.h needs size_t and FILE before it.
#include <jpeglib.h>

#include "fedscape/base/check.hpp"
#include "src/data/image_decoder.hpp"

namespace fedscape {

namespace {

/// libjpeg's errors would end the process: they jump back to who called it. Warnings do too, since a decoder that only
/// warns goes on with invented pixels.
struct ErrorJump {
  jpeg_error_mgr manager;  // first, so that the library's pointer is also ours
  std::jmp_buf back;
  char message[JMSG_LENGTH_MAX];
};

[[noreturn]] void jump_back(j_common_ptr info) {
  auto* const jump = reinterpret_cast<ErrorJump*>(info->err);
  info->err->format_message(info, jump->message);
  std::longjmp(jump->back, 1);
}
void on_message(j_common_ptr info, int level) {
  if (level < 0) jump_back(info);
}

/// What is read of the header, and then the rows. No object with a destructor lives in a function that calls setjmp.
struct Decoder {
  jpeg_decompress_struct info;
  ErrorJump jump;

  bool begin(std::span<const std::uint8_t> bytes, int channels) {
    info.err = jpeg_std_error(&jump.manager);
    jump.manager.error_exit = jump_back;
    jump.manager.emit_message = on_message;
    if (setjmp(jump.back) != 0) return false;
    jpeg_create_decompress(&info);
    jpeg_mem_src(&info, bytes.data(), static_cast<unsigned long>(bytes.size()));
    jpeg_read_header(&info, TRUE);
    const bool grey = channels == 1 || (channels == 0 && info.num_components == 1);
    info.out_color_space = grey ? JCS_GRAYSCALE : JCS_RGB;
    info.dct_method = JDCT_ISLOW;
    jpeg_calc_output_dimensions(&info);
    return true;
  }
  bool read(std::uint8_t* pixels) {
    if (setjmp(jump.back) != 0) return false;
    jpeg_start_decompress(&info);
    while (info.output_scanline < info.output_height) {
      JSAMPROW row = pixels + std::size_t{info.output_scanline} * info.output_width *
                                  static_cast<std::size_t>(info.output_components);
      jpeg_read_scanlines(&info, &row, 1);
    }
    jpeg_finish_decompress(&info);
    return true;
  }
  ~Decoder() { jpeg_destroy_decompress(&info); }
};

}  // namespace

Image decode_jpeg(const std::string& path, std::span<const std::uint8_t> bytes, int channels) {
  Decoder decoder{};
  const auto check = [&](bool good) { FEDSCAPE_CHECK(good, "{}: {}", path, decoder.jump.message); };
  check(decoder.begin(bytes, channels));
  Image image = make_image(path, bytes.size(), decoder.info.output_height, decoder.info.output_width,
                           decoder.info.out_color_components);
  check(decoder.read(image.pixels.data()));
  return image;
}

}  // namespace fedscape
