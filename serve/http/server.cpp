#include "serve/http/server.h"

#include <atomic>
#include <thread>
#include <unordered_map>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "core/error.h"
#include "serve/http/connection.h"

namespace jet::serve {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr std::chrono::milliseconds kRetryAccept{100};  // when file descriptors are exhausted

tcp::endpoint resolve(asio::io_context& io, const HttpOptions& options) {
  boost::system::error_code error;
  tcp::resolver resolver(io);
  const auto found = resolver.resolve(options.host, std::to_string(options.port), error);
  if (error || found.empty())
    fail("host \"{}\": {}; expected an address or a name of this machine", options.host,
         error.message());
  return found.begin()->endpoint();
}

}  // namespace

class HttpServer::Impl {
 public:
  explicit Impl(HttpOptions options)
      : options_(std::move(options)),
        host_{options_, false, [this](Connection* connection) { forget(connection); }},
        acceptor_(io_),
        retry_(io_) {
    const tcp::endpoint endpoint = resolve(io_, options_);
    try {
      acceptor_.open(endpoint.protocol());
      acceptor_.set_option(tcp::acceptor::reuse_address(true));
      acceptor_.bind(endpoint);
      acceptor_.listen(asio::socket_base::max_listen_connections);
    } catch (const boost::system::system_error& error) {
      fail("{}:{}: cannot listen there: {}", options_.host, options_.port, error.code().message());
    }
    accept();
  }

  uint16_t port() const { return acceptor_.local_endpoint().port(); }
  bool is_loopback() const { return acceptor_.local_endpoint().address().is_loopback(); }
  // Memory may be too short for what one connection asks: the others go on.
  void run() {
    while (!io_.stopped()) {
      try {
        io_.run();
      } catch (const std::exception&) {
        std::this_thread::sleep_for(kRetryAccept);
      }
    }
  }
  void stop() { io_.stop(); }
  size_t connections() const { return count_; }

  void drain() {
    asio::post(io_, [this] {
      host_.draining = true;
      boost::system::error_code ignored;
      static_cast<void>(acceptor_.close(ignored));
      retry_.cancel();
      std::vector<std::shared_ptr<Connection>> idle;
      for (const auto& [key, connection] : connections_) {
        if (!connection->answers()) idle.push_back(connection);
      }
      for (const auto& connection : idle) connection->close();
      if (connections_.empty()) io_.stop();
    });
  }

 private:
  void accept() {
    acceptor_.async_accept([this](const boost::system::error_code& error, tcp::socket socket) {
      if (host_.draining) return;
      if (error) {
        retry_.expires_after(kRetryAccept);
        retry_.async_wait([this](const boost::system::error_code& cancelled) {
          if (!cancelled) accept();
        });
        return;
      }
      try {
        if (connections_.size() < options_.limits.connections) welcome(std::move(socket));
      } catch (const std::exception&) {  // memory is short: the socket is closed
      }
      accept();
    });
  }

  void welcome(tcp::socket socket) {
    const auto connection = std::make_shared<Connection>(std::move(socket), host_);
    connections_.emplace(connection.get(), connection);
    count_ = connections_.size();
    connection->start();
  }

  void forget(Connection* connection) {
    connections_.erase(connection);
    count_ = connections_.size();
    if (host_.draining && connections_.empty()) io_.stop();
  }

  const HttpOptions options_;
  ConnectionHost host_;
  asio::io_context io_{1};
  tcp::acceptor acceptor_;
  asio::steady_timer retry_;
  std::unordered_map<Connection*, std::shared_ptr<Connection>> connections_;
  std::atomic<size_t> count_{0};
};

HttpServer::HttpServer(HttpOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
HttpServer::~HttpServer() = default;
uint16_t HttpServer::port() const { return impl_->port(); }
bool HttpServer::is_loopback() const { return impl_->is_loopback(); }
void HttpServer::run() { impl_->run(); }
void HttpServer::drain() { impl_->drain(); }
void HttpServer::stop() { impl_->stop(); }
size_t HttpServer::connections() const { return impl_->connections(); }

}  // namespace jet::serve
