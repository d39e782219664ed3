// Calls of the system that fail on demand. The linker puts these functions in the place of the
// system's in this test program alone (operator new, and -Wl,--wrap for the others); what is tested
// has no hook for them.
#pragma once

#include <cstdint>

namespace jet::faults {

enum class Kind {
  Memory,  // operator new, aligned_alloc, anonymous mmap
  Files,   // open, fstat, read, write, fsync, close, rename, mkdir, mmap of a file
};

enum class Extent {
  Once,    // call number n fails
  Onwards  // call number n and all later ones
};

// While it lives, calls of the kind are counted and made to fail. One at a time.
class Injection {
 public:
  Injection(Kind kind, int64_t n, Extent extent);
  ~Injection();
  Injection(const Injection&) = delete;
  Injection& operator=(const Injection&) = delete;

  void stop();               // from here on nothing fails
  bool reached() const;      // call number n was made
  void print_where() const;  // the functions that made the first call to fail, on standard error
};

// What is held now: compared before and after, it tells a leak.
struct Held {
  int64_t memory = 0;       // blocks of operator new and aligned_alloc
  int64_t mappings = 0;     // of mmap
  int64_t descriptors = 0;  // of open
  bool operator==(const Held&) const = default;
};
Held held();

// Blocks of memory asked for since the program began, whether given back or not.
int64_t allocations();

}  // namespace jet::faults
