// Requests of Python's, run together.
#pragma once

#include <memory>
#include <vector>

#include <nanobind/nanobind.h>

#include "python/bindings/request.h"
#include "python/bindings/session.h"

namespace jet::python {

// The rows of scores that tokens were chosen from, one after another.
struct Scores {
  std::vector<float> rows;      // [n, vocabulary]
  std::vector<int64_t> tokens;  // [n]: how many stood before the chosen one
};

struct Result {
  std::vector<Answer> answers;
  Scores scores;  // where they were asked for
  int64_t cached_tokens = 0;
};

// In the order of the requests. `on_token` may be None; where it returns True its request ends.
// What a callback or Ctrl-C raises ends all of them and is raised here.
std::vector<Result> generate(Session& session, const std::vector<PythonRequest*>& requests,
                             const nanobind::object& on_token);

}  // namespace jet::python
