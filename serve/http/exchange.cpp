#include "serve/http/exchange.h"

#include "core/error.h"

namespace jet::serve {

Exchange::Exchange(HttpRequest request, bool keep_alive, size_t unread_limit,
                   std::function<void()> wake)
    : request_(std::move(request)),
      keep_alive_(keep_alive),
      unread_limit_(unread_limit),
      wake_(std::move(wake)) {}

void Exchange::add_header(std::string name, std::string value) {
  const std::lock_guard lock(mutex_);
  extra_.emplace_back(std::move(name), std::move(value));
}

void Exchange::respond(HttpResponse response) {
  {
    const std::lock_guard lock(mutex_);
    JET_CHECK(status_ == 0);
    response.headers.insert(response.headers.end(), extra_.begin(), extra_.end());
    const std::string body = std::move(response.body);
    std::string whole = response_head(response, static_cast<int64_t>(body.size()), keep_alive_);
    if (request_.method != "HEAD") whole += body;
    // Not a stream: however long it is, it was made at once and waits here in any case. From here
    // on nothing throws.
    waiting_ = std::move(whole);
    body_bytes_ = body.size();
    status_ = response.status;
    ended_ = true;
  }
  wake_();
}

void Exchange::begin(HttpResponse head) {
  {
    const std::lock_guard lock(mutex_);
    JET_CHECK(status_ == 0);
    head.headers.insert(head.headers.end(), extra_.begin(), extra_.end());
    waiting_ = response_head(head, -1, keep_alive_);
    status_ = head.status;
  }
  wake_();
}

void Exchange::write(std::string_view piece) {
  if (piece.empty()) return;  // an empty chunk would end the body
  append(chunk(piece), false);
  const std::lock_guard lock(mutex_);
  body_bytes_ += piece.size();
}

void Exchange::end() { append(kLastChunk, true); }

void Exchange::abandon() noexcept {
  try {
    lose();
    wake_();
  } catch (const std::exception&) {  // the client's own patience ends it
  }
}

void Exchange::append(std::string_view bytes, bool is_last) {
  bool too_slow = false;
  {
    const std::lock_guard lock(mutex_);
    JET_CHECK(status_ != 0 && !ended_);
    if (!gone_) {
      waiting_ += bytes;
      unread_ += bytes.size();
      too_slow = unread_ > unread_limit_;
    }
    ended_ = is_last;
  }
  if (too_slow) lose();
  wake_();
}

void Exchange::on_gone(std::function<void()> action) {
  {
    const std::lock_guard lock(mutex_);
    if (!gone_) {
      on_gone_ = std::move(action);
      return;
    }
  }
  action();
}

void Exchange::note(std::string name, std::string value) {
  const std::lock_guard lock(mutex_);
  notes_.emplace_back(std::move(name), std::move(value));
}

Exchange::Out Exchange::take() {
  const std::lock_guard lock(mutex_);
  Out out{std::move(waiting_), ended_};
  waiting_.clear();
  return out;
}

void Exchange::sent(size_t bytes) {
  const std::lock_guard lock(mutex_);
  unread_ -= std::min(unread_, bytes);
}

void Exchange::lose() {
  std::function<void()> action;
  {
    const std::lock_guard lock(mutex_);
    if (gone_.exchange(true)) return;
    action = std::move(on_gone_);
    on_gone_ = nullptr;
    waiting_ = {};
  }
  if (action) action();
}

int Exchange::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

size_t Exchange::body_bytes() const {
  const std::lock_guard lock(mutex_);
  return body_bytes_;
}

Headers Exchange::notes() const {
  const std::lock_guard lock(mutex_);
  return notes_;
}

}  // namespace jet::serve
