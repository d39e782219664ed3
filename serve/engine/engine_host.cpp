#include "serve/engine/engine_host.h"

#include <algorithm>
#include <chrono>
#include <exception>

namespace jet::serve {
namespace {

constexpr std::chrono::milliseconds kUntilMemory{10};

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
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
  Actives made;
  size_t places = 0;
  for (Job& job : jobs) {
    const auto answers = static_cast<size_t>(job.request.answers);
    places += answers;
    made.push_back({std::move(job), group, 0, now(), answers, std::vector<double>(answers)});
  }
  {
    const std::lock_guard lock(mutex_);
    // Many parts may come alone, however many they are.
    if (closing_ || (places_ > 0 && places_ + places > capacity_)) return false;
    places_ += places;
    arrived_.splice(arrived_.end(), made);
  }
  changed_.notify_one();
  return true;
}

bool EngineHost::with_engine(const std::function<void(Engine&)>& work) {
  std::packaged_task<void(Engine&)> task(work);
  std::future<void> result = task.get_future();
  {
    const std::lock_guard lock(mutex_);
    if (closing_) return false;
    tasks_.push_back(std::move(task));
  }
  changed_.notify_one();
  result.get();
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
  const size_t running = std::min(places_, max_running_);
  return {running, places_ - running, engine_.state_bytes(), state_bytes_in_use_};
}

void EngineHost::run() {
  for (;;) {
    Actives arrived;
    std::vector<std::packaged_task<void(Engine&)>> tasks;
    bool closing = false;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] {
        return closing_ || !arrived_.empty() || !active_.empty() || !tasks_.empty();
      });
      arrived.swap(arrived_);
      tasks.swap(tasks_);
      closing = closing_;
    }
    for (auto& task : tasks) task(engine_);
    admit(std::move(arrived));
    for (const Active& active : active_) {
      if (closing || active.group->cancelled) engine_.cancel(active.id);
    }
    if (active_.empty()) {
      if (closing) return;
      continue;
    }
    try {
      engine_.step();
    } catch (const std::exception&) {  // memory is too short even to fail a request: a step later
      std::this_thread::sleep_for(kUntilMemory);
    }
    for (auto active = active_.begin(); active != active_.end();) {
      if (engine_.finished(active->id)) {
        finish(*active, engine_.take(active->id));
        active = active_.erase(active);
      } else {
        ++active;
      }
    }
    const std::lock_guard lock(mutex_);
    state_bytes_in_use_ = engine_.state_bytes_in_use();
  }
}

void EngineHost::admit(Actives arrived) {
  while (!arrived.empty()) {
    Active& active = arrived.front();
    if (active.group->cancelled) {
      Output output;
      output.finish = FinishReason::Cancelled;
      finish(active, std::move(output));
      arrived.pop_front();
      continue;
    }
    try {
      active.id =
          engine_.submit(std::move(active.job.request), [this, it = &active](const Token& token) {
            note_token(*it, token);
            if (it->job.on_token) it->job.on_token(token);
          });
      active_.splice(active_.end(), arrived, arrived.begin());
    } catch (const std::exception& error) {
      leave(active);
      tell(active, [&] { active.job.on_refused(error.what()); });
      arrived.pop_front();
    }
  }
}

void EngineHost::note_token(Active& active, const Token& token) {
  const double time = now();
  double& last = active.last_token[static_cast<size_t>(token.answer)];
  if (last == 0)
    metrics_.time_to_first_token.observe(time - active.submitted);
  else
    metrics_.inter_token_latency.observe(time - last);
  last = time;
}

void EngineHost::leave(const Active& active) {
  const std::lock_guard lock(mutex_);
  places_ -= active.places;
}

void EngineHost::finish(Active& active, Output output) {
  leave(active);
  metrics_.note(output, now() - active.submitted);
  tell(active, [&] { active.job.on_done(std::move(output)); });
}

// An answer that cannot be made must not end the thread that all others need.
void EngineHost::tell(const Active& active, const std::function<void()>& call) {
  try {
    call();
  } catch (const std::exception&) {
    active.job.on_lost();
  }
}

}  // namespace jet::serve
