#include <exception>
#include <string>

#include "fedscape/comm/communicator.hpp"

namespace fedscape {

void agree(Communicator& comm, const std::function<void()>& work) {
  bool failed = false;
  std::string message;
  try {
    work();
  } catch (const std::exception& error) {
    failed = true;
    message = error.what();
  }
  const std::int64_t lowest = comm.size() - comm.max(failed ? std::int64_t{comm.size() - comm.rank()} : 0);
  if (lowest == comm.size()) return;
  std::int64_t length = static_cast<std::int64_t>(message.size());
  comm.broadcast(std::as_writable_bytes(std::span(&length, 1)), static_cast<int>(lowest));
  message.resize(static_cast<std::size_t>(length));
  comm.broadcast(std::as_writable_bytes(std::span(message)), static_cast<int>(lowest));
  throw AgreedError(message);
}

}  // namespace fedscape
