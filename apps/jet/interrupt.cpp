#include "apps/jet/interrupt.h"

#include <atomic>
#include <csignal>

#include <unistd.h>

namespace jet::cli {
namespace {

// A signal handler can reach nothing else.
std::atomic<int> first_signal{0};
static_assert(std::atomic<int>::is_always_lock_free);

constexpr int kSignalled = 128;  // what a shell adds to the signal's number

void on_signal(int signal) {
  if (first_signal.exchange(signal) != 0) ::_exit(kSignalled + signal);
}

}  // namespace

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = on_signal;  // without SA_RESTART: a read that waits for a person returns
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);  // a closed output is noticed by write
}

bool interrupted() { return first_signal.load() != 0; }

bool forget_interrupt() {
  int expected = SIGINT;
  return first_signal.compare_exchange_strong(expected, 0);
}

int interrupt_code() { return kSignalled + first_signal.load(); }

void check_interrupt() {
  if (interrupted()) throw Interrupted{};
}

}  // namespace jet::cli
