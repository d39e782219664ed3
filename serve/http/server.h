// HTTP/1.1 over TCP: reads requests within limits, hands each to a handler, sends what the handler
// says. One thread moves all bytes; handlers must not block it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "serve/http/exchange.h"
#include "serve/http/limits.h"

namespace jet::serve {

struct HttpOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 8080;  // 0: any free one
  HttpLimits limits = {};
  // Called on the server's thread with each request that was read to its end.
  std::function<void(std::shared_ptr<Exchange>)> handle;
  // The body of an answer that the server itself gives to what is not a proper request.
  std::function<std::string(int status, const std::string& message)> error_body;
  // One line for each answered request, without its end; may be empty.
  std::function<void(const std::string& line)> log;
};

class HttpServer {
 public:
  // Listens from now on. Throws Error when the address cannot be had.
  explicit HttpServer(HttpOptions options);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  uint16_t port() const;
  bool is_loopback() const;  // reached from this machine alone
  // Moves bytes until stop() or the end of a drain.
  void run();

  // From any thread. drain: no new connections; those that answer a request end after it, others at
  // once; run() returns when none is left. stop: closes everything.
  void drain();
  void stop();
  size_t connections() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace jet::serve
