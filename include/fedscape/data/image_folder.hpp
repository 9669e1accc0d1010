#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fedscape/data/dataset.hpp"

namespace fedscape {

/// Images as `<folder>/<split>/<class>/*.jpg|.jpeg|.png`; classes are the alphabetical order of the train split's
/// folders. All images must have the height and width of the first; where that is grey all become grey, else colour.
Dataset load_image_folder(const std::string& folder, Split split);

struct Image {
  Shape shape;  // [y,x,channels]
  std::vector<std::uint8_t> pixels;
};
/// A JPEG or PNG file. channels 1 or 3: what it is converted to; 0: as the file has it. A damaged file is refused even
/// where the library would go on with a warning.
Image read_image(const std::string& path, int channels = 0);

}  // namespace fedscape
