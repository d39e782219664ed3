// Errors of a part that does not know which file it came from, named after the file.
#pragma once

#include <string_view>

#include "core/error.h"

namespace jet {

// call(), whose Error becomes "`file`: ...".
template <typename Call>
auto in_file(std::string_view file, const Call& call) {
  try {
    return call();
  } catch (const Error& error) {
    fail("{}: {}", file, error.what());
  }
}

}  // namespace jet
