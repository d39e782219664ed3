// `jet help`, `jet help VERB`, `jet --version`, and finding a verb by its name.
#pragma once

#include "apps/jet/verb.h"

namespace jet::cli {

bool is_verb(std::string_view name);
// Throws UsageError with the nearest name.
const Verb& find_verb(std::string_view name);

int print_help(const std::vector<std::string>& arguments);
int print_version(const std::vector<std::string>& arguments);

}  // namespace jet::cli
