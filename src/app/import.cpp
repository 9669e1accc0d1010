#include <fmt/format.h>

#include "fedscape/app/machine.hpp"
#include "fedscape/io/model_file.hpp"
#include "src/app/commands.hpp"
#include "src/app/inputs.hpp"
#include "src/app/model_source.hpp"

namespace fedscape {

namespace {

class Import : public Command {
 public:
  void options(OptionTable& table) override {
    table.group("Import of PyTorch's state dict: checked against a network, then stored with its options");
    table.field("model", model_, "safetensors file with PyTorch's names and layouts");
    table.field("output", output_, "HDF5 file that evaluate, landscape sweep and --init take as a model");
    table.positional({"model", "output"});
    table.add("Data, for the shape of a sample and the number of classes", data_);
    table.add("Network", network_, "network");
  }
  void check(OptionTable& table) override {
    FEDSCAPE_CHECK(!model_.empty() && !output_.empty(), "import: a model and the name of the new file were expected");
    table.assume(model_options(model_), model_);
  }
  int run_alone(const OptionTable& table) override {
    const Dataset data = load_dataset(data_, Split::test);
    const Network network = build_network(network_, data.shape(), data.classes());
    const std::vector<float> params = read_model(model_, network.layout());
    RunInfo info;
    info.command = "import";
    info.options = table.description();
    info.data_hash = data.hash();
    info.device = "cpu";
    info.build = build_text();
    write_model(output_, info, network.layout(), params);
    fmt::print("{}: {} parameters of {}\n", output_, params.size(), network_.name);
    return 0;
  }

 private:
  std::string model_, output_;
  DataOptions data_;
  NetworkOptions network_;
};

}  // namespace

std::unique_ptr<Command> make_import() { return std::make_unique<Import>(); }

}  // namespace fedscape
