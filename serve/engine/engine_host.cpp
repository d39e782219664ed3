#include "serve/engine/engine_host.h"

#include <algorithm>
#include <chrono>
#include <exception>

namespace jet::serve {
namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Output failed(const std::string& why) {
  Output output;
  output.finish = FinishReason::Failed;
  output.error = why;
  return output;
}

}  // namespace

EngineHost::EngineHost(Model model, const EngineOptions& options, size_t max_waiting)
    : model_(std::move(model)),
      engine_(model_, options),
      context_length_(engine_.context_length()),
      capacity_(static_cast<size_t>(options.max_sequences) + max_waiting),
      max_running_(static_cast<size_t>(options.max_sequences)),
      thread_([this] { run(); }) {}

EngineHost::~EngineHost() {
  close();
  thread_.join();
}

bool EngineHost::submit(std::vector<Job> jobs, const std::shared_ptr<Group>& group) {
  {
    const std::lock_guard lock(mutex_);
    // A request of many parts may come alone, however many they are.
    if (closing_ || (jobs_ > 0 && jobs_ + jobs.size() > capacity_)) return false;
    jobs_ += jobs.size();
    for (Job& job : jobs) arrived_.push_back({std::move(job), group, now()});
  }
  changed_.notify_one();
  return true;
}

void EngineHost::cancel(const std::shared_ptr<Group>& group) {
  group->cancelled = true;
  changed_.notify_one();
}

void EngineHost::close() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_one();
}

EngineHost::Load EngineHost::load() const {
  const std::lock_guard lock(mutex_);
  const size_t running = std::min(jobs_, max_running_);
  return {running, jobs_ - running, engine_.state_bytes(), state_bytes_in_use_};
}

void EngineHost::run() {
  for (;;) {
    std::vector<Active> arrived;
    bool closing = false;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return closing_ || !arrived_.empty() || !active_.empty(); });
      arrived.swap(arrived_);
      closing = closing_;
    }
    admit(std::move(arrived));
    for (const auto& [id, active] : active_) {
      if (closing || active->group->cancelled) engine_.cancel(id);
    }
    if (active_.empty()) {
      if (closing) return;
      continue;
    }
    engine_.step();
    std::vector<RequestId> done;
    for (const auto& [id, active] : active_) {
      if (engine_.finished(id)) done.push_back(id);
    }
    for (const RequestId id : done) {
      const auto node = active_.extract(id);
      finish(*node.mapped(), engine_.take(id));
    }
    const std::lock_guard lock(mutex_);
    state_bytes_in_use_ = engine_.state_bytes_in_use();
  }
}

void EngineHost::admit(std::vector<Active> arrived) {
  for (Active& each : arrived) {
    auto active = std::make_unique<Active>(std::move(each));
    if (active->group->cancelled) {
      Output output;
      output.finish = FinishReason::Cancelled;
      finish(*active, std::move(output));
      continue;
    }
    try {
      const RequestId id = engine_.submit(std::move(active->job.request),
                                          [this, it = active.get()](const Token& token) {
                                            note_token(*it);
                                            if (it->job.on_token) it->job.on_token(token);
                                          });
      active_.emplace(id, std::move(active));
    } catch (const std::exception& error) {
      finish(*active, failed(error.what()));
    }
  }
}

void EngineHost::note_token(Active& active) {
  const double time = now();
  if (active.tokens++ == 0)
    metrics_.time_to_first_token.observe(time - active.submitted);
  else
    metrics_.inter_token_latency.observe(time - active.last_token);
  active.last_token = time;
}

void EngineHost::finish(Active& active, Output output) {
  {
    const std::lock_guard lock(mutex_);
    --jobs_;
  }
  metrics_.note(output, now() - active.submitted);
  active.job.on_done(std::move(output));
}

}  // namespace jet::serve
