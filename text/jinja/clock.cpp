// Dates as text.
#include "text/jinja/clock.h"

#include <charconv>
#include <chrono>
#include <ctime>
#include <optional>

namespace jet::jinja {
namespace {

constexpr std::string_view kMonths[] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};
constexpr std::string_view kDays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                      "Thursday", "Friday", "Saturday"};

std::chrono::year_month_day date_of(const CivilTime& time) {
  return std::chrono::year_month_day(std::chrono::year(static_cast<int>(time.year)),
                                     std::chrono::month(static_cast<unsigned>(time.month)),
                                     std::chrono::day(static_cast<unsigned>(time.day)));
}

size_t weekday(const CivilTime& time) {
  return std::chrono::weekday(std::chrono::sys_days(date_of(time))).c_encoding();
}

int64_t day_of_year(const CivilTime& time) {
  const std::chrono::year_month_day first = date_of(time).year() / std::chrono::January / 1;
  return (std::chrono::sys_days(date_of(time)) - std::chrono::sys_days(first)).count() + 1;
}

// %-d and the like drop the zeros in front.
std::string digits(int64_t value, int width, bool plain) {
  return plain ? fmt::format("{}", value) : fmt::format("{:0{}}", value, width);
}

int hour12(const CivilTime& time) { return time.hour % 12 == 0 ? 12 : time.hour % 12; }

std::string conversion(Runtime& rt, const CivilTime& time, char letter, bool plain) {
  const auto month = static_cast<size_t>(time.month - 1);
  switch (letter) {
    case 'A':
      return std::string(kDays[weekday(time)]);
    case 'a':
      return std::string(kDays[weekday(time)].substr(0, 3));
    case 'B':
      return std::string(kMonths[month]);
    case 'b':
    case 'h':
      return std::string(kMonths[month].substr(0, 3));
    case 'D':
      return format_time(rt, time, "%m/%d/%y");
    case 'd':
      return digits(time.day, 2, plain);
    case 'e':
      return plain ? fmt::format("{}", time.day) : fmt::format("{:2}", time.day);
    case 'F':
      return format_time(rt, time, "%Y-%m-%d");
    case 'H':
      return digits(time.hour, 2, plain);
    case 'I':
      return digits(hour12(time), 2, plain);
    case 'j':
      return digits(day_of_year(time), 3, plain);
    case 'M':
      return digits(time.minute, 2, plain);
    case 'm':
      return digits(time.month, 2, plain);
    case 'n':
      return "\n";
    case 'p':
      return time.hour < 12 ? "AM" : "PM";
    case 'R':
      return format_time(rt, time, "%H:%M");
    case 'S':
      return digits(time.second, 2, plain);
    case 'T':
      return format_time(rt, time, "%H:%M:%S");
    case 't':
      return "\t";
    case 'u':
      return fmt::format("{}", weekday(time) == 0 ? 7 : weekday(time));
    case 'w':
      return fmt::format("{}", weekday(time));
    case 'Y':
      return fmt::format("{}", time.year);
    case 'y':
      return digits(time.year % 100, 2, plain);
    case '%':
      return "%";
    default:
      rt.fail("strftime_now: a conversion that is not supported in the format");
  }
}

bool read(std::string_view& text, size_t width, char behind, int& value) {
  if (text.size() < width) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + width, value);
  if (error != std::errc() || end != text.data() + width || text[0] == '-') return false;
  text.remove_prefix(width);
  if (behind == '\0') return true;
  if (!text.starts_with(behind)) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

CivilTime local_time_now() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm local{};
  localtime_r(&now, &local);
  return {.year = local.tm_year + 1900,
          .month = local.tm_mon + 1,
          .day = local.tm_mday,
          .hour = local.tm_hour,
          .minute = local.tm_min,
          .second = local.tm_sec};
}

std::optional<CivilTime> parse_civil_time(std::string_view text) {
  CivilTime time;
  int year = 0;
  if (!read(text, 4, '-', year) || !read(text, 2, '-', time.month) ||
      !read(text, 2, '\0', time.day))
    return std::nullopt;
  time.year = year;
  if (!date_of(time).ok() || year == 0) return std::nullopt;
  if (text.empty()) return time;
  if (text[0] != 'T' && text[0] != ' ') return std::nullopt;
  text.remove_prefix(1);
  if (!read(text, 2, ':', time.hour) || !read(text, 2, ':', time.minute) ||
      !read(text, 2, '\0', time.second)) {
    return std::nullopt;
  }
  const bool valid = text.empty() && time.hour < 24 && time.minute < 60 && time.second < 60;
  return valid ? std::optional(time) : std::nullopt;
}

std::string format_time(Runtime& rt, const CivilTime& time, std::string_view format) {
  std::string out;
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      out += format[i];
      continue;
    }
    ++i;
    const bool plain = i < format.size() && format[i] == '-';
    if (plain) ++i;
    rt.append(out, conversion(rt, time, i < format.size() ? format[i] : '\0', plain));
  }
  return out;
}

}  // namespace jet::jinja
