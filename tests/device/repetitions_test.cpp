#include "fedscape/device/repetitions.hpp"

#include "fedscape/ops/reduce.hpp"
#include "tests/support/devices.hpp"

namespace fedscape {
namespace {

class Repeated : public test::OnDevice {
 protected:
  bool on_device() const { return GetParam().kind == DeviceKind::cuda; }
  Repetitions repetitions;
};

TEST_P(Repeated, WorkIsDoneEachTimeAndPutTogetherOnce) {
  const Tensor<float> sum = device(std::vector<float>{0, 0}, {2}), term = device(std::vector<float>{1, 2}, {2});
  int calls = 0;
  for (int i = 0; i < 10; ++i)
    repetitions.run(stream, {1}, [&] {
      ++calls;
      const ArenaScope scope(stream);
      const Tensor<float> twice(stream, {2});
      ops::axpby(stream, 2, term, 0, twice);
      ops::axpby(stream, 1, twice, 1, sum);
    });
  EXPECT_EQ(host(sum), (std::vector<float>{20, 40}));
  EXPECT_EQ(calls, on_device() ? 2 : 10);
  EXPECT_EQ(repetitions.launches(), on_device() ? 9 : 0);
}

TEST_P(Repeated, EachKeyHasItsOwnGraph) {
  const Tensor<float> sum = device(std::vector<float>{0}, {1}), one = device(std::vector<float>{1}, {1});
  for (int i = 0; i < 8; ++i)
    for (const int factor : {1, 100})
      repetitions.run(stream, {factor}, [&] { ops::axpby(stream, static_cast<float>(factor), one, 1, sum); });
  EXPECT_EQ(host(sum), (std::vector<float>{808}));
}

TEST_P(Repeated, MoreKeysThanGraphsAreKept) {
  const Tensor<float> sum = device(std::vector<float>{0}, {1}), one = device(std::vector<float>{1}, {1});
  for (int i = 0; i < 3; ++i)
    for (int key = 0; key < 50; ++key) repetitions.run(stream, {key}, [&] { ops::axpby(stream, 1, one, 1, sum); });
  EXPECT_EQ(host(sum), (std::vector<float>{150}));
  EXPECT_EQ(repetitions.launches(), 0);  // none lasted until it came again
}

TEST_P(Repeated, WorkThatLooksAtTheDeviceIsDoneAsItIs) {
  const Tensor<float> sum = device(std::vector<float>{0}, {1}), one = device(std::vector<float>{1}, {1});
  std::vector<float> seen;
  for (int i = 0; i < 5; ++i)
    repetitions.run(stream, {2}, [&] {
      const float before = host(sum)[0];
      ops::axpby(stream, 1, one, 1, sum);
      seen.push_back(before);
    });
  EXPECT_EQ(seen, (std::vector<float>{0, 1, 2, 3, 4}));
  EXPECT_EQ(host(sum), (std::vector<float>{5}));
  EXPECT_EQ(repetitions.launches(), 0);
}

TEST_P(Repeated, WorkThatSendsSomethingIsDoneAsItIs) {
  const Tensor<float> sum = device(std::vector<float>{0}, {1});
  for (int i = 0; i < 5; ++i)
    repetitions.run(stream, {3}, [&] {
      const float value = static_cast<float>(i);
      const ArenaScope scope(stream);
      const Tensor<float> sent(stream, {1});
      stage_to_device(stream, sent.data(), &value, sizeof value);
      ops::axpby(stream, 1, sent, 1, sum);
    });
  EXPECT_EQ(host(sum), (std::vector<float>{10}));
  EXPECT_EQ(repetitions.launches(), 0);
}

TEST_P(Repeated, ErrorsComeOutAndTheStreamGoesOn) {
  const Tensor<float> sum = device(std::vector<float>{0}, {1}), one = device(std::vector<float>{1}, {1});
  for (int i = 0; i < 4; ++i) {
    const auto step = [&] {
      repetitions.run(stream, {4}, [&] {
        ops::axpby(stream, 1, one, 1, sum);
        if (i % 2 == 1) fail("odd");
      });
    };
    if (i % 2 == 1)
      EXPECT_THROW(step(), Error);
    else
      step();
  }
  EXPECT_EQ(host(sum), (std::vector<float>{4}));
}

FEDSCAPE_ON_DEVICES(Repeated);

}  // namespace
}  // namespace fedscape
