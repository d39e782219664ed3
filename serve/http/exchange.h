// One request and the way back to its client, from any thread: the whole answer at once, or a
// stream of pieces.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "serve/http/message.h"

namespace jet::serve {

// What an exchange has to say in the access log, and when the connection may go on.
class Exchange {
 public:
  // `wake` asks the connection to fetch what there is to send; it may be called from any thread.
  // Beyond `unread_limit` bytes that the client has not taken the exchange counts as gone.
  Exchange(HttpRequest request, bool keep_alive, size_t unread_limit, std::function<void()> wake);

  const HttpRequest& request() const { return request_; }

  // Headers that every answer to this request carries (CORS).
  void add_header(std::string name, std::string value);
  void respond(HttpResponse response);
  // A stream: its head, then pieces, then the end.
  void begin(HttpResponse head);
  void write(std::string_view piece);
  void end();
  // Closes the connection without an answer, where none can be made: takes no memory, but to wake
  // the connection.
  void abandon() noexcept;

  // The client went away, or reads too slowly. `on_gone` runs once, at once if that has happened.
  bool is_gone() const { return gone_; }
  void on_gone(std::function<void()> action);

  // For the access log.
  void note(std::string name, std::string value);

  // The connection's side.
  struct Out {
    std::string bytes;
    bool is_last = false;
  };
  Out take();               // what is to be sent next
  void sent(size_t bytes);  // of those taken, that the client's system has
  void lose();              // the connection is closed
  bool keep_alive() const { return keep_alive_; }
  int status() const;
  size_t body_bytes() const;
  Headers notes() const;

 private:
  void append(std::string_view bytes, bool is_last);

  const HttpRequest request_;
  const bool keep_alive_;
  const size_t unread_limit_;
  const std::function<void()> wake_;
  mutable std::mutex mutex_;
  Headers extra_;
  Headers notes_;
  std::string waiting_;
  size_t unread_ = 0;  // waiting, or taken and not sent
  size_t body_bytes_ = 0;
  int status_ = 0;  // 0: no answer yet
  bool ended_ = false;
  std::atomic<bool> gone_{false};
  std::function<void()> on_gone_;
};

}  // namespace jet::serve
