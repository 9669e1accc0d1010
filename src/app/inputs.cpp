#include "src/app/inputs.hpp"

#include <filesystem>
#include <system_error>

#include "fedscape/io/model_file.hpp"
#include "fedscape/nn/init.hpp"

namespace fedscape {

Clients deal(const Dataset& train, const PartitionOptions& options, std::uint64_t seed) {
  return make_clients(partition(train.labels(), train.classes(), train.users, options, seed), options, seed);
}

std::vector<float> initial_params(const Network& network, const NetworkOptions& options, const std::string& init,
                                  std::uint64_t seed) {
  if (!init.empty()) return read_model(init, network.layout());
  std::vector<float> params(static_cast<std::size_t>(network.layout().size()));
  init_params(network, options.init, seed, params);
  return params;
}

void check_cohort(const CohortOptions& options, std::int64_t clients) {
  FEDSCAPE_CHECK(options.replacement || options.cohort <= clients,
                 "cohort: at most the {} clients were expected, not {} (--replacement draws clients repeatedly)",
                 clients, options.cohort);
}

void remove_output(Communicator& comm, const std::string& output) {
  namespace fs = std::filesystem;
  agree(comm, [&] {
    if (!comm.is_root()) return;
    const fs::path path(output), folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
    std::error_code error;
    std::vector<fs::path> files;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
      const std::string name = entry.path().filename().string(), own = path.filename().string();
      if (name == own || name == own + ".clients" || name.starts_with(own + ".journal.")) files.push_back(entry.path());
    }
    for (const fs::path& file : files)
      FEDSCAPE_CHECK(fs::remove(file, error), "{}: cannot remove it ({})", file.string(), error.message());
  });
}

}  // namespace fedscape
