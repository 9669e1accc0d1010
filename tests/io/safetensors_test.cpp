#include "fedscape/io/safetensors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>

#include "fedscape/io/atomic_file.hpp"
#include "tests/support/message_of.hpp"
#include "tests/support/temp_folder.hpp"

namespace fedscape {
namespace {

using test::message_of;
using testing::ElementsAre;
using testing::HasSubstr;

/// A file with this header, however wrong, and `data` bytes of zeros.
std::string message_for(const std::string& header, std::size_t data, std::uint64_t length_offset = 0) {
  const test::TempFolder folder;
  const std::uint64_t length = header.size() + length_offset;
  std::string text(reinterpret_cast<const char*>(&length), sizeof length);
  text += header + std::string(data, '\0');
  replace_file(folder / "x", std::as_bytes(std::span(text)));
  return message_of([&] { read_safetensors(folder / "x"); });
}

TEST(Safetensors, ReadsBackWhatItWrote) {
  const test::TempFolder folder;
  TensorFile file;
  file.tensors.push_back(float_tensor("b", {2, 1}, {1.5f, -0.0f}));
  file.tensors.push_back(integer_tensor("a", {}, {-7}));
  file.tensors.push_back(float_tensor("empty", {0, 3}, {}));
  file.metadata.emplace_back("who", "größe \"x\"");
  write_safetensors(folder / "x", file);
  const TensorFile back = read_safetensors(folder / "x");
  ASSERT_EQ(back.tensors.size(), 3u);
  EXPECT_EQ(back.find("b")->shape, (Shape{2, 1}));
  EXPECT_EQ(back.find("b")->bytes, file.tensors[0].bytes);
  EXPECT_THAT(back.find("a")->integers(), ElementsAre(-7));
  EXPECT_EQ(back.find("empty")->shape, (Shape{0, 3}));
  EXPECT_EQ(back.metadata, file.metadata);
  EXPECT_EQ(back.find("c"), nullptr);
}

TEST(Safetensors, HalfPrecisionIsConvertedExactly) {
  NamedTensor tensor{"h", TensorType::f16, {1}, std::vector<std::byte>(2)};
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    std::memcpy(tensor.bytes.data(), &bits, 2);
    const float value = tensor.floats()[0];
    const auto exponent = static_cast<int>(bits >> 10 & 31), mantissa = static_cast<int>(bits & 1023);
    if (exponent == 31 && mantissa != 0) {
      EXPECT_TRUE(std::isnan(value));
      continue;
    }
    const double magnitude = exponent == 31  ? HUGE_VAL
                             : exponent == 0 ? std::ldexp(mantissa, -24)
                                             : std::ldexp(1024 + mantissa, exponent - 25);
    ASSERT_EQ(value, static_cast<float>(std::copysign(magnitude, bits >> 15 ? -1.0 : 1.0))) << bits;
    ASSERT_EQ(std::signbit(value), bits >> 15 != 0);
  }
}

TEST(Safetensors, ConvertsEveryTypeToFloats) {
  const auto value_of = [](TensorType type, auto value) {
    std::vector<std::byte> bytes(sizeof value);
    std::memcpy(bytes.data(), &value, sizeof value);
    return NamedTensor{"x", type, {1}, bytes}.floats()[0];
  };
  EXPECT_EQ(value_of(TensorType::f64, 0.1), 0.1f);
  EXPECT_EQ(value_of(TensorType::bf16, std::uint16_t{0xc040}), -3.0f);
  EXPECT_EQ(value_of(TensorType::i64, std::int64_t{-5}), -5.0f);
  EXPECT_EQ(value_of(TensorType::i32, std::int32_t{-5}), -5.0f);
  EXPECT_EQ(value_of(TensorType::u8, std::uint8_t{200}), 200.0f);
  EXPECT_THAT(message_of([] { float_tensor("x", {1}, {1}).integers(); }), HasSubstr("x: integers expected, found F32"));
}

TEST(Safetensors, RefusesHeadersThatDoNotFitTheFile) {
  EXPECT_THAT(message_for("", 0), HasSubstr("a JSON header expected"));
  EXPECT_THAT(message_for("{}", 0, 1), HasSubstr("a header of at most 2 bytes expected, found 3"));
  EXPECT_THAT(message_for("{}", 0, ~0ULL - 8), HasSubstr("a header of at most 2 bytes expected"));
  EXPECT_THAT(message_for("{}", 5), HasSubstr("0 bytes of data expected, found 5"));
  EXPECT_THAT(message_for("[]", 0), HasSubstr("a JSON header expected"));
  EXPECT_THAT(message_for(R"({"a":1})", 0), HasSubstr("a list shape expected"));
  EXPECT_THAT(message_for(std::string(1'000'000, '['), 0), HasSubstr("nested deeper than 3"));
}

std::string message_for_entry(const std::string& type, const std::string& shape, const std::string& range) {
  return message_for(R"({"w":{"dtype":)" + type + R"(,"shape":)" + shape + R"(,"data_offsets":)" + range + "}}", 8);
}

TEST(Safetensors, RefusesTensorsThatDoNotFitTheirData) {
  EXPECT_EQ(message_for_entry("\"F32\"", "[2]", "[0,8]"), "");
  EXPECT_THAT(message_for_entry("\"F33\"", "[2]", "[0,8]"), HasSubstr("w: dtype F64, F32"));
  EXPECT_THAT(message_for_entry("7", "[2]", "[0,8]"), HasSubstr("w: a dtype expected"));
  EXPECT_THAT(message_for_entry("\"F32\"", "[3]", "[0,8]"), HasSubstr("w: the bytes of F32 [3] expected, found 8"));
  EXPECT_THAT(message_for_entry("\"F32\"", "[4294967296,4294967298]", "[0,8]"), HasSubstr("the bytes of F32"));
  EXPECT_THAT(message_for_entry("\"F32\"", "[-2]", "[0,8]"), HasSubstr("from 0 to 2^62 expected, found -2"));
  EXPECT_THAT(message_for_entry("\"F32\"", "[2.0]", "[0,8]"), HasSubstr("from 0 to 2^62 expected, found 2.0"));
  EXPECT_THAT(message_for_entry("\"F32\"", "[1,1,1,1,1,1,2]", "[0,8]"), HasSubstr("at most 6 numbers in shape"));
  EXPECT_THAT(message_for_entry("\"F32\"", "[2]", "[0,12]"), HasSubstr("a byte range within 8 bytes"));
  EXPECT_THAT(message_for_entry("\"F32\"", "[2]", "[8,0]"), HasSubstr("a byte range within 8 bytes"));
  EXPECT_THAT(message_for_entry("\"F32\"", "[2]", "[0]"), HasSubstr("a byte range within 8 bytes"));
  EXPECT_THAT(message_for_entry("\"F32\"", "[1e999]", "[0,8]"), HasSubstr("a JSON header expected"));
}

TEST(Safetensors, RefusesOverlapsGapsAndNamesThatOccurTwice) {
  const auto two = [](const char* second, const char* range) {
    return message_for(std::string(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},")") + second +
                           R"(":{"dtype":"U8","shape":[4],"data_offsets":)" + range + "}}",
                       8);
  };
  EXPECT_EQ(two("b", "[4,8]"), "");
  EXPECT_THAT(two("b", "[2,6]"), HasSubstr("b: data from byte 4 expected, found 2"));
  EXPECT_THAT(two("b", "[0,4]"), HasSubstr("overlap or gap"));
  EXPECT_THAT(two("a", "[4,8]"), HasSubstr("a occurs twice in the header"));
}

}  // namespace
}  // namespace fedscape
