#include "core/error.h"

#include <cstdio>
#include <cstdlib>

namespace jet {

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "jet: internal error: %s does not hold (%s:%d)\n", condition, file, line);
  std::abort();
}

}  // namespace jet
