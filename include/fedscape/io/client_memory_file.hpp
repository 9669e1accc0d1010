#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "fedscape/algo/federated/memory.hpp"
#include "fedscape/comm/communicator.hpp"

namespace fedscape {

/// What a file of client memory must agree with.
struct ClientMemoryShape {
  std::int64_t clients = 0, floats = 0;  // K, S
  std::uint64_t run = 0;                 // a number that tells this run from others: its seed and data
};

/// Memories that fit into a budget of bytes, each with its bookkeeping; 0 for a budget of 0. An Error if fewer than 2
/// do: one is to be read while another is written.
std::int64_t memories_in(std::int64_t budget, std::int64_t floats);

/// Client memory in one sparse file that all ranks share (a file system that all of them see), for federations whose
/// memory exceeds the RAM and for runs that are resumed. Every client has two slots, aligned to pages, each a header
/// (client, round, CRC-32 of header and data) and S floats. store() overwrites the slot that the last committed round
/// does not need, so that a crash at any moment leaves its state intact:
///
///     byte 0            header of the file: magic, K, S, run, CRC-32
///     byte 4096 (1 + (2 k + v) ceil((40 + 4 S) / 4096))    slot v = 0, 1 of client k
///
/// `completed` is the round of the run file: 0 starts an empty file; otherwise what was stored later is dropped, and
/// load() fails with the names of client and file where the CRC of what remains is wrong. The number of ranks may
/// differ from the run that wrote it. Collective; commit() is called by every rank before the run file is saved.
///
/// `budget`: bytes of RAM of this rank for memories that are read ahead and written behind by a thread; while they fit,
/// the file is written in commit() alone. 0: load() and store() read and write the file themselves. What the kernel
/// caches of the file is not counted: it gives that memory back when others need it.
std::unique_ptr<ClientMemory> open_client_memory(const std::filesystem::path& path, const ClientMemoryShape& shape,
                                                 std::int64_t completed, Communicator& comm, std::int64_t budget = 0);

}  // namespace fedscape
