// _jet.Request: what is asked of an engine, with Python's part in it.
#pragma once

#include <memory>

#include <nanobind/nanobind.h>

#include <jet/request.h>

namespace jet::python {

class State;

struct PythonRequest {
  Request request;  // but the hook and the conversation
  // Called with (ids [T], scores [vocabulary]) before a token is chosen; may change the scores.
  nanobind::object processor;
  bool keep_scores = false;  // the rows that tokens were chosen from
  std::shared_ptr<State> state;
};

}  // namespace jet::python
