// Does inference get a trained network right, and how fast? A ResNet-20 in a safetensors file, on CIFAR-10's test
// images.
//
// Usage: cifar10_resnet20 <model.safetensors> <kind of data> <path of data> [<correct> <cross-entropy>]
// e.g.   cifar10_resnet20 cifar10_resnet20.safetensors folder cifar10-images 8103 0.8788
// With the two expected numbers it fails where the correct ones differ by more than 2 or the loss by more than 1e-4.
#include <fmt/format.h>

#include <cmath>
#include <cstdlib>

#include "fedscape/algo/evaluate.hpp"
#include "fedscape/base/timer.hpp"
#include "fedscape/io/load_dataset.hpp"
#include "fedscape/io/model_file.hpp"
#include "fedscape/nn/zoo.hpp"

namespace {

using namespace fedscape;

int run(int count, char** words) {
  FEDSCAPE_CHECK(count == 4 || count == 6, "usage: {} model.safetensors kind path [correct loss]", words[0]);
  const Dataset data = load_dataset(
      {.data = words[2], .data_path = words[3], .normalize = "0.485,0.456,0.406;0.229,0.224,0.225"}, Split::test);
  const Network network = build_network({.name = "resnet20"}, data.shape(), data.classes());
  const std::vector<float> params = read_model(words[1], network.layout());

  Stream stream;
  Evaluator evaluator(stream, network, 1);
  const Timer timer;
  evaluator.load(stream, {params.data(), {1, network.layout().size()}});
  const Metrics sums = evaluator.all(stream, data)[0];
  const double seconds = timer.seconds(), loss = metric(sums, "loss");
  fmt::print("{} of {} correct, cross-entropy {:.5f}, {:.2f} s on one thread\n", sums.correct, sums.count, loss,
             seconds);
  if (count == 4) return 0;
  return std::abs(static_cast<double>(sums.correct) - std::atof(words[4])) <= 2 &&
                 std::abs(loss - std::atof(words[5])) <= 1e-4
             ? 0
             : 1;
}

}  // namespace

int main(int count, char** words) {
  try {
    return run(count, words);
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 2;
  }
}
