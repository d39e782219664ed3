#include "python/bindings/state.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "core/error.h"
#include "python/bindings/bind.h"

namespace jet::python {

namespace nb = nanobind;

State::State(std::shared_ptr<Session> session, ConversationId id)
    : session_(std::move(session)), id_(id) {}

State::State(std::shared_ptr<Session> session) : session_(std::move(session)) {
  id_ = Session::Hold(*session_)->open_conversation();
}

State::State(std::shared_ptr<Session> session, const std::string& path)
    : session_(std::move(session)) {
  const Session::Hold engine(*session_);
  const nb::gil_scoped_release free;
  id_ = engine->load_conversation(path);
}

State::~State() { close(); }

void State::close() {
  if (session_) session_->abandon(id_);
  session_.reset();
}

ConversationId State::id() const {
  session();
  return id_;
}

Session& State::session() const {
  if (!session_) fail("this state is closed; ask the model for another");
  return *session_;
}

std::shared_ptr<State> State::fork() const {
  const Session::Hold engine(session());
  return std::shared_ptr<State>(new State(session_, engine->fork_conversation(id_)));
}

std::vector<int32_t> State::ids() const { return Session::Hold(session())->conversation_ids(id_); }

void State::save(const std::string& path) const {
  const Session::Hold engine(session());
  const nb::gil_scoped_release free;
  engine->save_conversation(id_, path);
}

void bind_state(nb::module_& module) {
  nb::class_<State>(module, "State")
      .def(nb::init<std::shared_ptr<Session>>(), nb::arg("session"))
      .def(nb::init<std::shared_ptr<Session>, const std::string&>(), nb::arg("session"),
           nb::arg("path"))
      .def("fork", &State::fork)
      .def("ids", &State::ids)
      .def("save", &State::save, nb::arg("path"))
      .def("close", &State::close);
}

}  // namespace jet::python
