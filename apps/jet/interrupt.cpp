#include "apps/jet/interrupt.h"

#include <atomic>
#include <csignal>

#include <unistd.h>

namespace jet::cli {
namespace {

// A signal handler can reach nothing else.
std::atomic<bool> stop_asked{false};
static_assert(std::atomic<bool>::is_always_lock_free);

void on_signal(int) {
  constexpr int kCode = 130;
  if (stop_asked.exchange(true)) ::_exit(kCode);
}

}  // namespace

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = on_signal;  // without SA_RESTART: a read that waits for a person returns
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);  // a closed output is noticed by write
}

bool interrupted() { return stop_asked.load(); }

void check_interrupt() {
  if (interrupted()) throw Interrupted{};
}

}  // namespace jet::cli
