#include <cmath>

#include "fedscape/ops/gemm.hpp"
#include "tests/support/devices.hpp"
#include "tests/support/op_cases.hpp"

namespace fedscape {
namespace {

class Tf32Products : public test::OnDevice {
 protected:
  bool rounds() const { return GetParam().kind == DeviceKind::cuda; }
  /// y = x w of one number each.
  float product(float x, float w) {
    const std::vector<int> one = {1};
    const Tensor<float> y(stream, {1, 1, 1}), params = device(std::vector{w, 0.0f}, {1, 2});
    ops::linear_forward(stream, {1, 1, one}, device(std::vector{x}, {1, 1, 1}), slot(View<const float>(params), 0),
                        slot(View<const float>(params), 1), false, y);
    return host(y)[0];
  }
  /// Those of real samples, of inputs that are small integers.
  Floats outputs_of(OpCase op) {
    op.prepare = [](int, std::vector<Values>& inputs) {
      for (Values& values : inputs)
        for (double& value : values) value = std::round(2 * value);
    };
    OpRun run(op, stream, make_inputs(op));
    run();
    const Floats outputs = run.outputs();
    Floats real;
    for (std::size_t i = 0; i < outputs.size(); ++i)
      for (int m = 0; m < op.models; ++m) real.push_back(real_part(op, op.outputs[i], outputs[i], m));
    return real;
  }
};

TEST_P(Tf32Products, AreTakenOnlyWhereTheyAreAskedFor) {
  const float x = 1 + 0x1p-12f;
  EXPECT_EQ(product(x, 1), x);
  stream.set_tf32(true);
  EXPECT_EQ(product(x, 1), rounds() ? 1 : x);
  EXPECT_EQ(product(1, x), rounds() ? 1 : x);
}

TEST_P(Tf32Products, OfSmallIntegersAreThoseOfFloat32) {
  std::vector<OpCase> ops = cases::linear({3, 33, 70, 45});
  for (const auto& shape : {ops::ConvShape{9, 8, 5, 20, 3, 3, 1, 1, 1, 1}, {12, 11, 16, 24, 3, 3, 2, 3, 1, 1, 1, 1, 2}})
    for (const OpCase& op : cases::conv("tf32", shape, 3, 4)) ops.push_back(op);
  for (const OpCase& op : ops) {
    stream.set_tf32(false);
    const Floats expected = outputs_of(op);
    stream.set_tf32(true);
    EXPECT_EQ(outputs_of(op), expected) << op.name;
  }
}

FEDSCAPE_ON_DEVICES(Tf32Products);

}  // namespace
}  // namespace fedscape
