// The verbs of the program: one file each under verbs/.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "apps/jet/options.h"

namespace jet::cli {

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kWrongUsage = 2;

struct Verb {
  std::string_view name;
  std::string_view summary;   // one line
  std::string_view details;   // what the help says besides: how it works, what figures mean
  std::string_view examples;  // one command a line
  // Declares the options and returns what runs after they were read: the exit code.
  std::function<int()> (*set_up)(Options& options);
};

std::span<const Verb> verbs();

extern const Verb kGenerate;
extern const Verb kChat;
extern const Verb kTokenize;
extern const Verb kInspect;
extern const Verb kLogits;
extern const Verb kPerplexity;
extern const Verb kBench;
extern const Verb kConvert;
extern const Verb kServe;

}  // namespace jet::cli
