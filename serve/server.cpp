#include "serve/server.h"

#include <chrono>
#include <future>
#include <thread>

#include "serve/api/api.h"
#include "serve/api/error.h"
#include "serve/http/server.h"

namespace jet::serve {

namespace {

std::vector<std::string> hosts(const ServerOptions& options, bool is_loopback) {
  if (!is_loopback && options.allowed_hosts.empty()) return {};
  std::vector<std::string> names{"localhost", "127.0.0.1", "[::1]", options.host};
  names.insert(names.end(), options.allowed_hosts.begin(), options.allowed_hosts.end());
  return names;
}

}  // namespace

class Server::Impl {
 public:
  explicit Impl(const ServerOptions& options)
      : http_(
            {.host = options.host,
             .port = options.port,
             .limits = options.limits,
             .handle = [this](const std::shared_ptr<Exchange>& exchange) { api_.handle(exchange); },
             .error_body =
                 [](int status, const std::string& message) {
                   return error_json(ApiError(status, message)).dump();
                 },
             .log = options.log}),
        api_(
            Access(options.api_keys, options.cors_origins, hosts(options, http_.is_loopback())),
            [this] { return http_.connections(); }, options.state_directory),
        thread_([this] {
          http_.run();
          ended_.set_value();
        }) {}

  ~Impl() {
    http_.stop();
    thread_.join();
  }

  uint16_t port() const { return http_.port(); }
  Api& api() { return api_; }

  void drain(double seconds) {
    api_.drain();
    http_.drain();
    const auto limit = std::chrono::duration<double>(seconds);
    if (ended_future_.wait_for(limit) != std::future_status::ready) http_.stop();
  }

 private:
  std::promise<void> ended_;
  std::future<void> ended_future_ = ended_.get_future();
  HttpServer http_;
  Api api_;  // its engines' threads end first: they wake connections
  std::thread thread_;
};

Server::Server(const ServerOptions& options) : impl_(std::make_unique<Impl>(options)) {}
Server::~Server() = default;
uint16_t Server::port() const { return impl_->port(); }
void Server::ready(std::vector<std::unique_ptr<ServedModel>> models) {
  impl_->api().ready(std::move(models));
}
void Server::drain(double seconds) { impl_->drain(seconds); }

}  // namespace jet::serve
