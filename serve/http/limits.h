// What a client may ask of the server before anything is computed for it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace jet::serve {

struct HttpLimits {
  size_t target_bytes = 8 << 10;   // 414
  size_t headers = 100;            // 431
  size_t header_bytes = 32 << 10;  // 431
  size_t body_bytes = 16'000'000;  // 413
  size_t unread_bytes = 1 << 20;  // of an answer that the client is slow to read: beyond, it is cut
  size_t connections = 4096;      // at the limit further clients are closed at once
  std::chrono::milliseconds header_time{
      10'000};  // from its first byte (or the connection) to its end: 408
  std::chrono::milliseconds body_idle{30'000};   // between two reads of a body: 408
  std::chrono::milliseconds write_idle{60'000};  // between two writes that make progress
  std::chrono::milliseconds keep_alive{75'000};  // between two requests of a connection
};

}  // namespace jet::serve
