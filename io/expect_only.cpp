#include "io/expect_only.h"

#include <algorithm>

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace jet {

void expect_only(const Fields& fields, std::initializer_list<std::string_view> known) {
  for (const auto& [key, value] : fields.json().items()) {
    if (std::ranges::find(known, key) != known.end()) continue;
    fields.bad(key, fmt::format("is not known{}{}", known.size() > 0 ? "; known are " : "",
                                fmt::join(known, ", ")));
  }
}

}  // namespace jet
