// The program `jet`: finds the verb, and turns what was thrown into one line and an exit code.
#include <cstdio>
#include <new>

#include <fmt/format.h>

#include <jet/error.h>

#include "apps/jet/help.h"
#include "apps/jet/interrupt.h"
#include "apps/jet/output.h"
#include "apps/jet/verb.h"

namespace jet::cli {
namespace {

int run(const std::vector<std::string>& arguments) {
  if (arguments.empty()) {
    throw UsageError("a verb is missing, such as generate or chat");
  }
  const std::string& first = arguments.front();
  const std::vector<std::string> rest(arguments.begin() + 1, arguments.end());
  if (first == "--version") return print_version(rest);
  if (first == "help" || first == "-h" || first == "--help") return print_help(rest);
  const Verb& verb = find_verb(first);
  Options options(std::string(verb.name), std::string(verb.summary));
  const auto body = verb.set_up(options);
  if (!options.parse(rest)) return print_help({first});
  return body();
}

// `jet: ...; see `jet help VERB``
int report_usage(const std::vector<std::string>& arguments, const UsageError& error) {
  const bool has_verb = !arguments.empty() && is_verb(arguments.front());
  write_note(
      fmt::format("{}; see `jet help{}`", error.what(), has_verb ? " " + arguments.front() : ""));
  return kWrongUsage;
}

int guarded_run(const std::vector<std::string>& arguments) {
  try {
    return run(arguments);
  } catch (const UsageError& error) {
    return report_usage(arguments, error);
  } catch (const Interrupted&) {
    return interrupt_code();
  } catch (const OutputClosed&) {
    return kDone;
  } catch (const std::bad_alloc&) {
    write_note("memory is exhausted; ask for less context or a smaller model");
  } catch (const std::exception& error) {
    write_note(error.what());
  }
  return kFailed;
}

}  // namespace
}  // namespace jet::cli

int main(int count, char** values) {
  jet::cli::catch_interrupts();
  return jet::cli::guarded_run({values + std::min(count, 1), values + count});
}
