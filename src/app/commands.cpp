#include "src/app/commands.hpp"

namespace fedscape {

namespace {

constexpr CommandEntry kCommands[] = {
    {"fl run", "trains a federation: many clients, one aggregated model", "[options]", make_fl_run, true},
    {"fl compare", "several algorithms under equal conditions: mean, interval and paired test over seeds", "[options]",
     make_fl_compare, true},
    {"fl calibrate", "trains the classifier of a federation's model on virtual features", "RUN OUTPUT [options]",
     make_fl_calibrate, true},
    {"train", "trains one model centrally, snapshots of its way included", "[options]", make_train, true},
    {"evaluate", "metrics of a model on a data set", "MODEL [options]", make_evaluate, true},
    {"landscape sweep", "loss and accuracy over a line or plane through a model", "MODEL [options]",
     make_landscape_sweep, true},
    {"pan shuffle", "what is left of a model when its neurons change places", "MODEL [options]", make_pan_shuffle,
     true},
    {"pan align", "how far local models of a federation have their neurons in the same places", "RUN [options]",
     make_pan_align, true},
    {"export", "model of a run file to safetensors (PyTorch's names)", "RUN OUTPUT", make_export, false},
    {"import", "safetensors (PyTorch's names) to a model file", "MODEL OUTPUT [options]", make_import, false},
    {"data summary", "clients of a data set and the classes they hold", "[options]", make_data_summary, false},
    {"plot", "learning curve of a run, contours and 3D picture of a surface", "FILE [options]", make_plot, false},
    {"tune", "which products of a network cuBLAS and cuDNN should take on this GPU", "OUTPUT [options]", make_tune,
     false},
    {"list", "networks, algorithms, penalties, partitions, datasets, metrics", "[KIND]", make_list, false},
};

}  // namespace

std::span<const CommandEntry> commands() { return kCommands; }

}  // namespace fedscape
