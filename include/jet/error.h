// The one exception type: bad files, requests, arguments, and exhausted memory or disk.
#pragma once

#include <stdexcept>
#include <string>

namespace jet {

// what() is one line: what is wrong, where (file, tensor, byte, JSON path, line), and what would be
// right.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message) : std::runtime_error(message) {}
};

}  // namespace jet
