#include "fedscape/app/machine.hpp"

#include <elf.h>
#include <link.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "fedscape/base/check.hpp"
#include "fedscape/device/pick.hpp"

namespace fedscape {

namespace {

/// Who shares cores with whom: ranks of one host that may run on the same ones.
struct Place {
  std::array<char, 256> host{};
  cpu_set_t cores{};
};

Place own_place() {
  Place place;
  gethostname(place.host.data(), place.host.size() - 1);
  sched_getaffinity(0, sizeof place.cores, &place.cores);
  return place;
}

std::vector<Place> all_places(Communicator& comm) {
  const Place mine = own_place();
  std::vector<std::byte> bytes;
  comm.all_gather(std::as_bytes(std::span(&mine, 1)), bytes);
  std::vector<Place> places(bytes.size() / sizeof(Place));
  std::memcpy(places.data(), bytes.data(), bytes.size());
  return places;
}

/// The build id lies in a note of the first loaded object, the executable.
int find_build_id(dl_phdr_info* info, std::size_t, void* out) {
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = info->dlpi_phdr[i];
    if (segment.p_type != PT_NOTE) continue;
    const char* at = reinterpret_cast<const char*>(info->dlpi_addr + segment.p_vaddr);
    for (const char* const end = at + segment.p_memsz; at + sizeof(ElfW(Nhdr)) <= end;) {
      ElfW(Nhdr) note;
      std::memcpy(&note, at, sizeof note);
      const char* const name = at + sizeof note;
      const char* const content = name + (note.n_namesz + 3) / 4 * 4;
      if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && std::memcmp(name, "GNU", 4) == 0)
        for (std::size_t k = 0; k < note.n_descsz; ++k)
          *static_cast<std::string*>(out) += fmt::format("{:02x}", static_cast<unsigned char>(content[k]));
      at = content + (note.n_descsz + 3) / 4 * 4;
    }
  }
  return 1;
}

}  // namespace

void MachineOptions::options(Fields& f) {
  f.field("device", device, "auto, cpu or cuda; auto is the CPU until the CUDA kernels have run on a GPU");
  f.field("threads", threads,
          "threads of each rank; 0: all cores, shared out among the ranks of a node, or one with a GPU");
  f.field("profile", profile, "print where time goes, phase by phase, beside the cores' peaks; stored in the output");
}

void MachineOptions::check() const {
  FEDSCAPE_CHECK(device == "auto" || device == "cpu" || device == "cuda",
                 "--device: auto, cpu or cuda was expected, not '{}'", device);
  FEDSCAPE_CHECK(threads >= 0 && threads <= 1024, "--threads: 0 to 1024 was expected, not {}", threads);
}

Machine pick_machine(const MachineOptions& options, Communicator& comm) {
  const std::vector<Place> places = all_places(comm);
  const Place& mine = places[static_cast<std::size_t>(comm.rank())];
  int sharing = 0, before = 0;
  for (std::size_t rank = 0; rank < places.size(); ++rank) {
    const bool same_host = std::strcmp(places[rank].host.data(), mine.host.data()) == 0;
    if (same_host && static_cast<int>(rank) < comm.rank()) ++before;
    if (same_host && CPU_EQUAL(&places[rank].cores, &mine.cores)) ++sharing;
  }
  Machine machine;
  machine.device = pick_device(options.device, before);
  const int cores = machine.device.kind == DeviceKind::cpu ? CPU_COUNT(&mine.cores) / std::max(1, sharing) : 1;
  machine.threads = options.threads > 0 ? static_cast<int>(options.threads) : std::max(1, cores);
  return machine;
}

std::string build_text() {
  std::string id;
  dl_iterate_phdr(find_build_id, &id);
  return fmt::format("fedscape {} ({})", FEDSCAPE_VERSION, id.empty() ? "unknown" : id);
}

}  // namespace fedscape
