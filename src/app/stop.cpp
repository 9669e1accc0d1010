#include "fedscape/app/stop.hpp"

#include <csignal>

namespace fedscape {

namespace {

volatile std::sig_atomic_t requested = 0;  // a signal handler has no other way to tell

void on_signal(int) { requested = 1; }

}  // namespace

void watch_stop_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigaction(SIGUSR1, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool stop_requested() { return requested != 0; }

}  // namespace fedscape
