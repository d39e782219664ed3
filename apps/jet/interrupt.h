// Ctrl-C and SIGTERM: the first asks to stop, the second ends the program at once.
#pragma once

namespace jet::cli {

// Thrown by check_interrupt; ends the program with interrupt_code().
struct Interrupted {};

void catch_interrupts();
bool interrupted();
void check_interrupt();
bool forget_interrupt();  // true, and as if it had not been, when it was Ctrl-C
int interrupt_code();     // after a signal: 130 for Ctrl-C, 143 for SIGTERM

}  // namespace jet::cli
