#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "fedscape/base/timer.hpp"
#include "fedscape/comm/communicator.hpp"
#include "fedscape/io/journal.hpp"
#include "fedscape/io/profile.hpp"
#include "fedscape/io/run_info.hpp"
#include "fedscape/io/surface.hpp"

namespace fedscape {

/// The file of a sweep. Every rank appends what it computes to a journal of its own, <path>.journal.<rank>; rank 0
/// merges the journals of all ranks into the surface and replaces the file whole, every `save_seconds` and at the end.
/// Only when the file with a journal's points is on the disk is that journal removed. So a kill at any moment loses no
/// recorded point, and a sweep may be resumed on any number of ranks.
///
/// Besides what surface.hpp lists, the file holds what run_info.hpp lists, dir_file (text): where the directions come
/// from, and where the time of the last process with --profile went: profile.hpp.
class SurfaceFile {
 public:
  struct Content {
    RunInfo info;  // options: all that a point depends on, the model and the plane (fingerprint) included
    Grid grid;
    std::vector<std::string> splits;
    std::string dir_file;
  };

  /// Starts a surface, or goes on with the one in the file and in the journals beside it. An Error if those belong to
  /// another sweep: it names what differs. Collective.
  static SurfaceFile open(const std::filesystem::path& path, const Content& content, Communicator& comm,
                          double save_seconds = 30);

  /// Points that are not computed, as of open() or the last finish(); the same on every rank.
  const std::vector<Point>& pending() const { return pending_; }
  /// Appends a point to this rank's journal; metrics[s] belongs to split s.
  void record(Point p, std::span<const Metrics> metrics);
  /// Merges what all ranks recorded, saves, and removes the journals. Collective.
  void finish();
  /// Puts the profile of this process into the file, after finish(). Collective.
  void save_profile(const ProfileTable& table);

 private:
  SurfaceFile(const std::filesystem::path& path, const Content& content, Communicator& comm, double save_seconds);
  JournalFormat format() const;
  void load();
  void merge_journals();
  void save();
  void remove_journals();
  void share_pending();

  std::filesystem::path path_;
  Content content_;
  Communicator* comm_;
  double save_seconds_;
  Surface surface_;                      // on rank 0
  std::optional<ProfileTable> profile_;  // on rank 0
  std::vector<Point> pending_;
  std::optional<Journal> journal_;
  std::vector<std::byte> record_;
  Timer since_save_;
};

}  // namespace fedscape
