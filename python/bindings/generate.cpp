#include "python/bindings/generate.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <limits>

#include "core/error.h"
#include "python/bindings/arrays.h"
#include "python/bindings/signals.h"
#include "python/bindings/state.h"
#include "runtime/sampling/filters.h"

namespace jet::python {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kSignalPause = std::chrono::milliseconds(20);  // at least, between two looks

// The requests of one call, in the engine until this goes.
class Run {
 public:
  Run(Engine& engine, const std::vector<PythonRequest*>& requests, const nb::object& on_token)
      : engine_(engine), on_token_(on_token), results_(requests.size()) {
    try {
      for (size_t i = 0; i < requests.size(); ++i) submit(*requests[i], i);
    } catch (...) {
      leave();
      throw;
    }
  }
  ~Run() { leave(); }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  std::vector<Result> finish() {
    Clock::time_point looked = Clock::now();
    for (const RequestId id : ids_) {
      while (!engine_.finished(id)) {
        if (!engine_.step())
          fail("no place is left for the request: states keep them all; close one");
        if (failure_) std::rethrow_exception(failure_);
        if (Clock::now() - looked < kSignalPause) continue;
        check_signals();
        looked = Clock::now();
      }
    }
    if (failure_) std::rethrow_exception(failure_);
    for (size_t i = 0; i < ids_.size(); ++i) take(i);
    ids_.clear();
    return std::move(results_);
  }

 private:
  void submit(const PythonRequest& asked, size_t i) {
    Request request = asked.request;
    if (asked.state) request.conversation = asked.state->id();
    if (asked.processor.is_valid() || asked.keep_scores) request.logits_hook = hook(asked, i);
    OnToken listener;
    if (!on_token_.is_none()) {
      listener = [this, i](const Token& token) {
        call([&] {
          if (nb::cast<bool>(on_token_(i, token.answer, token.id))) engine_.cancel(ids_[i]);
        });
      };
    }
    ids_.push_back(engine_.submit(std::move(request), std::move(listener)));
  }

  // With the interpreter's lock; what Python raises there is kept for finish().
  template <typename Function>
  void call(const Function& function) {
    const nb::gil_scoped_acquire held;
    try {
      function();
    } catch (...) {
      if (!failure_) failure_ = std::current_exception();
      throw;
    }
  }

  LogitsHook hook(const PythonRequest& asked, size_t i) {
    return [this, &asked, i](std::span<const int32_t> tokens, std::span<float> scores) {
      if (asked.processor.is_valid())
        call([&] { asked.processor(view_of(tokens), view_of(scores)); });
      if (!asked.keep_scores) return;
      Scores& kept = results_[i].scores;
      kept.tokens.push_back(std::ssize(tokens));
      if (asked.request.sampling.temperature == 0) {
        kept.rows.insert(kept.rows.end(), scores.begin(), scores.end());
        return;
      }
      filter(asked.request.sampling, scores, 1, candidates_);
      const size_t at = kept.rows.size();
      kept.rows.resize(at + scores.size(), -std::numeric_limits<float>::infinity());
      for (const Candidate& each : candidates_)
        kept.rows[at + static_cast<size_t>(each.id)] = each.score;
    };
  }

  void take(size_t i) {
    Output output = engine_.take(ids_[i]);
    Result& result = results_[i];
    result.cached_tokens = output.cached_tokens;
    result.answers.push_back(std::move(static_cast<Answer&>(output)));
    for (Answer& other : output.others) result.answers.push_back(std::move(other));
    for (const Answer& answer : result.answers) {
      if (answer.finish == FinishReason::Failed) fail("{}", answer.error);
    }
  }

  // Cancelled requests are finished at the beginning of a step.
  void leave() noexcept {
    for (const RequestId id : ids_) engine_.cancel(id);
    while (std::ranges::any_of(ids_, [&](RequestId id) { return !engine_.finished(id); }))
      engine_.step();
    for (const RequestId id : ids_) engine_.take(id);
    ids_.clear();
  }

  Engine& engine_;
  const nb::object& on_token_;
  std::vector<Result> results_;
  std::vector<RequestId> ids_;  // of requests that are in the engine
  std::exception_ptr failure_;  // what a callback raised first
  std::vector<Candidate> candidates_;
};

}  // namespace

std::vector<Result> generate(Session& session, const std::vector<PythonRequest*>& requests,
                             const nb::object& on_token) {
  const Session::Hold engine(session);
  const nb::gil_scoped_release free;
  return Run(*engine, requests, on_token).finish();
}

}  // namespace jet::python
