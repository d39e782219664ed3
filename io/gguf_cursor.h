// Reads a GGUF header from front to back: every length is compared with the bytes that remain
// before it is believed.
#pragma once

#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "core/error.h"

namespace jet {

class GgufCursor {
 public:
  GgufCursor(std::span<const std::byte> bytes, std::string where)
      : bytes_(bytes), where_(std::move(where)) {}

  size_t position() const { return position_; }
  size_t remaining() const { return bytes_.size() - position_; }
  const std::string& where() const { return where_; }

  // `what` is read next, for messages: "the value of general.name".
  std::span<const std::byte> take(uint64_t size, std::string_view what) {
    if (size > remaining())
      bad(fmt::format("cut short: {} needs {} bytes, {} are left", what, size, remaining()));
    const auto taken = bytes_.subspan(position_, size);
    position_ += size;
    return taken;
  }

  template <typename T>
  T number(std::string_view what) {
    T value;
    std::memcpy(&value, take(sizeof(T), what).data(), sizeof(T));
    return value;
  }

  // A count of things of at least `least_bytes` each.
  uint64_t count(size_t least_bytes, std::string_view what) {
    const auto value = number<uint64_t>(what);
    if (value > remaining() / least_bytes) {
      bad(fmt::format("{} is {}, more than the {} bytes left can hold", what, value, remaining()));
    }
    return value;
  }

  std::string_view string(std::string_view what) {
    const auto length = number<uint64_t>(what);
    const auto text = take(length, what);
    return {reinterpret_cast<const char*>(text.data()), text.size()};
  }

  [[noreturn]] void bad(std::string_view problem) const {
    fail("{}: byte {}: {}", where_, position_, problem);
  }

 private:
  std::span<const std::byte> bytes_;
  std::string where_;
  size_t position_ = 0;
};

}  // namespace jet
