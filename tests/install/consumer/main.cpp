// What a stranger's program sees: the public headers, and libraries that link.
#include <cstdio>

#include <jet/error.h>

int main() {
  try {
    throw jet::Error("as expected");
  } catch (const jet::Error& error) {
    std::puts(error.what());
  }
}
