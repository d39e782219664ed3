// jet serve's parts put together: listen, load, answer, drain.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "serve/api/served_model.h"
#include "serve/http/limits.h"

namespace jet::serve {

struct ServerOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 8080;  // 0: any free one
  HttpLimits limits = {};
  std::vector<std::string> api_keys = {};
  std::vector<std::string> cors_origins = {};
  // Names that requests may be sent to, beside this machine's own (localhost, 127.0.0.1, [::1] and
  // `host`). Without any, a server that other machines reach takes every name.
  std::vector<std::string> allowed_hosts = {};
  std::string state_directory = {};  // where conversations are saved; "": they are not
  std::function<void(const std::string&)> log = {};  // the access log's lines
};

class Server {
 public:
  // Listens and answers /health from now on. Throws Error when the address cannot be had or the
  // state directory is none.
  explicit Server(const ServerOptions& options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  uint16_t port() const;
  void ready(std::vector<std::unique_ptr<ServedModel>> models);
  // Takes nothing more, and returns when what is running has ended, or after so many seconds, when
  // the rest is cut.
  void drain(double seconds);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace jet::serve
