#include "fedscape/io/surface_file.hpp"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "fedscape/base/check.hpp"
#include "fedscape/base/log.hpp"
#include "fedscape/io/hdf5_file.hpp"

namespace fedscape {
namespace {

/// A journal's record: the point, then the Metrics of each split as they lie in memory.
static_assert(std::is_trivially_copyable_v<Metrics> && sizeof(Metrics) == 56 && sizeof(Point) == 8);

std::string journal_prefix(const std::filesystem::path& path) { return path.filename().string() + ".journal."; }

/// The journals beside a surface file, of however many ranks, in the order of their names.
std::vector<std::filesystem::path> journals_of(const std::filesystem::path& path) {
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  const std::string prefix = journal_prefix(path);
  std::vector<std::filesystem::path> journals;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    const std::string rank = name.starts_with(prefix) ? name.substr(prefix.size()) : "";
    if (!rank.empty() && rank.find_first_not_of("0123456789") == rank.npos) journals.push_back(entry->path());
  }
  FEDSCAPE_CHECK(!error, "{}: a folder expected that can be read ({})", folder.string(), error.message());
  std::sort(journals.begin(), journals.end());
  return journals;
}

bool same_grid(const Grid& a, const Grid& b) {
  return a.x0 == b.x0 && a.x1 == b.x1 && a.y0 == b.y0 && a.y1 == b.y1 && a.nx == b.nx && a.ny == b.ny;
}

}  // namespace

SurfaceFile::SurfaceFile(const std::filesystem::path& path, const Content& content, Communicator& comm,
                         double save_seconds)
    : path_(path),
      content_(content),
      comm_(&comm),
      save_seconds_(save_seconds),
      record_(sizeof(Point) + content.splits.size() * sizeof(Metrics)) {
  FEDSCAPE_CHECK(content.grid.points() <= Surface::kMostPoints, "{}: a grid of {} x {} points; at most {} are possible",
                 path.string(), content.grid.nx, content.grid.ny, Surface::kMostPoints);
}

SurfaceFile SurfaceFile::open(const std::filesystem::path& path, const Content& content, Communicator& comm,
                              double save_seconds) {
  SurfaceFile file(path, content, comm, save_seconds);
  agree(comm, [&] {
    if (!comm.is_root()) return;
    file.load();
    file.merge_journals();
    file.save();  // before the first journal exists, so that it is known whose it is
    file.remove_journals();
  });
  file.share_pending();
  return file;
}

void SurfaceFile::record(Point p, std::span<const Metrics> metrics) {
  FEDSCAPE_CHECK(metrics.size() == content_.splits.size(), "metrics of {} splits, not {}", metrics.size(),
                 content_.splits.size());
  if (!journal_)
    journal_.emplace(path_.parent_path() / fmt::format("{}{}", journal_prefix(path_), comm_->rank()), format());
  std::memcpy(record_.data(), &p, sizeof(Point));
  std::memcpy(record_.data() + sizeof(Point), metrics.data(), metrics.size_bytes());
  journal_->append(record_);
  if (comm_->is_root() && since_save_.seconds() >= save_seconds_) {
    merge_journals();
    save();
  }
}

void SurfaceFile::finish() {
  agree(*comm_, [&] {
    if (journal_) journal_->sync();
    journal_.reset();
  });
  agree(*comm_, [&] {
    if (!comm_->is_root()) return;
    merge_journals();
    save();
    remove_journals();
  });
  share_pending();
}

void SurfaceFile::save_profile(const ProfileTable& table) {
  agree(*comm_, [&] {
    if (!comm_->is_root()) return;
    profile_ = table;
    save();
  });
}

JournalFormat SurfaceFile::format() const {
  RunInfo whole = content_.info;
  for (const std::string& split : content_.splits) whole.options.emplace_back("split", split);
  for (const double bound : {content_.grid.x0, content_.grid.x1, content_.grid.y0, content_.grid.y1})
    whole.options.emplace_back("bound", fmt::format("{}", bound));
  whole.options.emplace_back("points", fmt::format("{}x{}", content_.grid.nx, content_.grid.ny));
  return {static_cast<std::int64_t>(record_.size()), identity(whole)};
}

void SurfaceFile::load() {
  surface_ = Surface(content_.grid, content_.splits);
  if (!std::filesystem::exists(path_)) return;
  const hdf5::File file = hdf5::File::open(path_);
  Surface stored = read_surface(file);
  check_same_run(file, content_.info);
  FEDSCAPE_CHECK(same_grid(stored.grid, content_.grid), "{}: a grid of {} x {} points expected, found {} x {}",
                 path_.string(), content_.grid.nx, content_.grid.ny, stored.grid.nx, stored.grid.ny);
  FEDSCAPE_CHECK(stored.fields.size() == surface_.fields.size(), "{}: {} fields expected, found {}", path_.string(),
                 surface_.fields.size(), stored.fields.size());
  for (SurfaceField& field : surface_.fields) field.values = stored.field(field.name).values;
  surface_.status = std::move(stored.status);
  profile_ = read_profile(file);
}

void SurfaceFile::merge_journals() {
  for (const std::filesystem::path& path : journals_of(path_)) {
    const JournalRecords records = read_journal(path, format(), content_.grid.points());
    if (records.dropped > 0)
      log_warning("{}: {} records kept, {} damaged or cut off", path.string(), records.count, records.dropped);
    std::vector<Metrics> metrics(content_.splits.size());
    const std::byte* next = records.bytes.data();
    for (std::int64_t i = 0; i < records.count; ++i, next += record_.size()) {
      Point p;
      std::memcpy(&p, next, sizeof(Point));
      std::memcpy(metrics.data(), next + sizeof(Point), metrics.size() * sizeof(Metrics));
      surface_.set(p, metrics);
    }
  }
}

void SurfaceFile::save() {
  hdf5::File file = hdf5::File::create(path_);
  write_surface(file, surface_);
  write_info(file, content_.info);
  file.write_text("dir_file", content_.dir_file);
  if (profile_) write_profile(file, *profile_);
  file.save();
  since_save_.restart();
}

void SurfaceFile::remove_journals() {
  for (const std::filesystem::path& path : journals_of(path_)) {
    std::error_code error;
    std::filesystem::remove(path, error);
    FEDSCAPE_CHECK(!error, "{}: cannot be removed ({})", path.string(), error.message());
  }
}

void SurfaceFile::share_pending() {
  std::vector<std::uint8_t> status(static_cast<std::size_t>(content_.grid.points()));
  if (comm_->is_root()) status = surface_.status;
  comm_->broadcast(std::as_writable_bytes(std::span(status)), 0);
  Surface shared;
  shared.grid = content_.grid;
  shared.status = std::move(status);
  pending_ = shared.pending();
}

}  // namespace fedscape
