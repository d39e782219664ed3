// strftime_now: the date as templates ask for it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "text/jinja/runtime.h"

namespace jet::jinja {

struct CivilTime {
  int64_t year = 1970;
  int month = 1, day = 1;
  int hour = 0, minute = 0, second = 0;
};

// The local time of the system's clock.
CivilTime local_time_now();
// "2024-07-26T12:34:56" or "2024-07-26 12:34:56", or the date alone; nothing when it is no date.
std::optional<CivilTime> parse_civil_time(std::string_view text);
// English names whatever the locale. Error for a conversion that is not known.
std::string format_time(Runtime& rt, const CivilTime& time, std::string_view format);

}  // namespace jet::jinja
