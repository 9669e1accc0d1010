#include <fmt/format.h>

#include "fedscape/io/hdf5_file.hpp"
#include "fedscape/io/model_file.hpp"
#include "src/app/commands.hpp"
#include "src/app/model_source.hpp"

namespace fedscape {

namespace {

class Export : public Command {
 public:
  void options(OptionTable& table) override {
    table.group("Export of a model as PyTorch's state dict");
    table.field("model", model_, "run file, or another HDF5 file with a group \"model\"");
    table.field("output", output_, "safetensors file: PyTorch's names and layouts; metadata: the network's options");
    table.positional({"model", "output"});
  }
  void check(OptionTable&) override {
    FEDSCAPE_CHECK(!model_.empty() && !output_.empty(),
                   "export: a run file and the name of the new file were expected");
  }
  int run_alone(const OptionTable&) override {
    TensorFile file;
    hdf5::read_file(model_, [&](const hdf5::Group& root) { file = read_state_dict(root.group("model")); });
    file.metadata = model_options(model_);
    write_safetensors(output_, file);
    fmt::print("{}: {} tensors\n", output_, file.tensors.size());
    return 0;
  }

 private:
  std::string model_, output_;
};

}  // namespace

std::unique_ptr<Command> make_export() { return std::make_unique<Export>(); }

}  // namespace fedscape
