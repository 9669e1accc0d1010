#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "fedscape/algo/federated/engine.hpp"
#include "fedscape/algo/weight_statistics.hpp"
#include "fedscape/io/profile.hpp"
#include "fedscape/io/run_info.hpp"

namespace fedscape {

/// One number of a round; NaN: not measured in this round.
struct Cell {
  std::string name, unit;
  double value;
};
using Row = std::vector<Cell>;

/// The numbers of a federated round. test, personal: null where not evaluated; the columns are there all the same.
/// Those of privacy are there where uploads are bounded.
Row row_of(const RoundReport& report, const Metrics* test, const PersonalMetrics* personal);

/// The file of a run. Rank 0 holds it in memory and writes it whole, so that the disk always has a complete one; the
/// histories in it end with the round of its model. Beside it lie run.csv and run.jsonl with one line a round, appended
/// at once and cut back to the saved round when the run is resumed.
///
/// | object                    | shape, type | content
/// | ------------------------- | ----------- | -------
/// | / @format                 | text        | "fedscape run 1"
/// | / @command, build, device | text        | what made it: command, version and commit, device
/// | / @seed, data_hash        | text        | 64-bit numbers, hexadecimal
/// | / @round, ranks           | int64       | completed rounds; MPI ranks of the last process that saved it
/// | / @peak_memory            | int64       | bytes that the largest of those ranks had held at most by then
/// | /options @<name>          | text        | every option
/// | /metrics/<column>         | [n] f64     | one value a round, @unit; NaN where not measured
/// | /rs_test_acc              | [e] f64     | test accuracy, 0 to 1, of the e evaluated rounds (PFLlib's name)
/// | /rs_train_loss            | [n] f64     | training loss (PFLlib's name)
/// | /weights/layer            | [L] text    | names of the parameter slots
/// | /weights/round            | [n] i64     | round of each row
/// | /weights/<statistic>      | [n,L] f32   | of the global model: mean, deviation, norm, same_sign_initial,
/// |                           |             | same_sign_previous
/// | /weights/group            | [4] text    | parameters of which signs are compared: all, features, classifier, norm
/// | /weights/sign_consistency | [n,4] f32   | sign consistency ratio of the global model and the one before; NaN: no
/// |                           |             | parameters, or all are 0
/// | /client_weights/...       | [m,L] f32   | the same of each client's trained model (signs: and of the received
/// |                           |             | one), with round, client [m] i64
/// | /model/<name>             | f32         | the global model, PyTorch's names and layouts
/// | /server_memory            | [V] f32     | what the algorithm remembers between rounds
/// | /initial_signs            | [P/8] u8    | sign bits of the initial model
/// | /profile                  |             | where the time of the last process with --profile went: profile.hpp
class RunFile {
 public:
  /// Starts a run, or goes on with the one in the file. An Error if the file is of another run: it names the option (or
  /// seed, data, command, network), both values, and what may differ. Collective.
  static RunFile open(const std::filesystem::path& path, const RunInfo& info, const ParamLayout& layout,
                      Communicator& comm);
  RunFile(RunFile&&) noexcept;
  ~RunFile();

  std::int64_t round() const;  // completed rounds as of the last save; 0 for a new run, or in its first round
  /// The saved server on every rank; `fresh` if the run is new. Call it once, before anything below. Collective.
  Server restore_or(Stream& stream, Server fresh);
  const Signs& initial_signs() const;  // of the run's first model

  /// Adds the row of a round; the columns are those of the first row. Only rank 0 writes.
  void append(std::int64_t round, const Row& row);
  /// Adds the weight statistics of the global model after a round. Only rank 0 works.
  void append_weights(Stream& stream, const Server& server);
  void append_clients(std::int64_t round, const std::vector<ClientStatistics>& clients);

  /// True on every rank once `save_seconds` have passed on rank 0 since the last save. Collective.
  bool due(double save_seconds);
  /// Replaces the file; client memory must have been committed by this rank before. Collective.
  void save(Stream& stream, const Server& server);
  /// Puts the profile of this process into the saved file. Collective.
  void save_profile(const ProfileTable& table);

 private:
  struct Impl;
  explicit RunFile(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace fedscape
