// Ctrl-C and SIGTERM: the first asks to stop, the second ends the program at once.
#pragma once

namespace jet::cli {

// Thrown by check_interrupt; ends the program with code 130.
struct Interrupted {};

void catch_interrupts();
bool interrupted();
void check_interrupt();

}  // namespace jet::cli
