#pragma once

namespace fedscape {

/// From now on SIGUSR1 and SIGTERM ask this process to stop, save and exit, instead of killing it.
void watch_stop_signals();
/// Whether one has come.
bool stop_requested();

}  // namespace fedscape
