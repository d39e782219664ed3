#include "python/bindings/session.h"

#include <chrono>

#include <nanobind/nanobind.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/vector.h>

#include "core/error.h"
#include "python/bindings/arrays.h"
#include "python/bindings/bind.h"
#include "python/bindings/generate.h"
#include "python/bindings/signals.h"

namespace jet::python {

Session::Hold::Hold(Session& session) : session_(session) {
  if (session.holder_ == std::this_thread::get_id())
    fail("the model was called from a callback of its own generate; it can do one thing at a time");
  {
    const nb::gil_scoped_release free;
    while (!session.busy_.try_lock_for(std::chrono::milliseconds(50))) check_signals();
  }
  session.holder_ = std::this_thread::get_id();
  const std::scoped_lock lock(session.abandoned_lock_);
  for (const ConversationId id : session.abandoned_) session.engine_.close_conversation(id);
  session.abandoned_.clear();
}

Session::Hold::~Hold() {
  session_.holder_ = std::thread::id();
  session_.busy_.unlock();
}

void Session::abandon(ConversationId id) {
  const std::scoped_lock lock(abandoned_lock_);
  abandoned_.push_back(id);
}

void bind_session(nb::module_& module) {
  nb::class_<Answer>(module, "Answer")
      .def_ro("ids", &Answer::ids)
      .def_ro("score", &Answer::score)
      .def_prop_ro("finish", [](const Answer& answer) { return name(answer.finish); });
  nb::class_<Result>(module, "Result")
      .def_ro("answers", &Result::answers)
      .def_prop_ro(
          "score_tokens", [](const Result& result) { return result.scores.tokens; },
          "Of each row of scores: how many tokens stood before the chosen one.")
      .def_ro("cached_tokens", &Result::cached_tokens)
      .def(
          "take_scores",
          [](Result& result) {
            const size_t rows = result.scores.tokens.size();
            const size_t columns = rows == 0 ? 0 : result.scores.rows.size() / rows;
            return matrix(std::move(result.scores.rows), rows, columns);
          },
          "[rows, vocabulary], once.");
  nb::class_<Session>(module, "Session")
      .def(
          "__init__",
          [](Session* self, const Model& model, int threads, int64_t context_length,
             int64_t max_sequences, int64_t state_bytes, int64_t snapshot_bytes,
             int64_t prefill_chunk) {
            new (self) Session(model, {.threads = threads,
                                       .context_length = context_length,
                                       .max_sequences = max_sequences,
                                       .state_bytes = state_bytes,
                                       .snapshot_bytes = snapshot_bytes,
                                       .exact_reuse = true,
                                       .prefill_chunk = prefill_chunk});
          },
          nb::arg("model"), nb::kw_only(), nb::arg("threads"), nb::arg("context_length"),
          nb::arg("max_sequences"), nb::arg("state_bytes"), nb::arg("snapshot_bytes"),
          nb::arg("prefill_chunk"))
      .def("generate", generate, nb::arg("requests"), nb::arg("on_token").none(),
           "on_token(request, answer, id) may return True to end the request.")
      .def_prop_ro("context_length",
                   [](Session& session) { return Session::Hold(session)->context_length(); });
}

}  // namespace jet::python
