// One client's connection: read a request, hand it over, send the answer, again. Lives on the
// server's thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "serve/http/server.h"

namespace jet::serve {

class Connection;

// What a connection needs of its server.
struct ConnectionHost {
  const HttpOptions& options;
  bool draining = false;
  std::function<void(Connection*)> forget;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(boost::asio::ip::tcp::socket socket, ConnectionHost& host);

  void start();
  void close();
  bool answers() const { return exchange_ != nullptr; }

 private:
  enum class Phase { Idle, Header, Body, Answer, Linger };
  using Duration = std::chrono::milliseconds;

  void read();
  void on_read(const boost::system::error_code& error, size_t bytes);
  void parse();
  bool check_header();
  void refuse(int status, const std::string& message);
  void dispatch();
  void begin_exchange(HttpRequest request, bool keep_alive);
  void flush();
  void write_some();
  void finish();
  void linger();
  void set_deadline(Duration from_now);
  void clear_deadline();
  void on_deadline();
  void write_log() const;

  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer timer_;
  ConnectionHost& host_;
  std::array<char, 16 << 10> incoming_;  // of the read under way
  boost::beast::flat_buffer buffer_;     // read, and not parsed yet
  std::optional<boost::beast::http::request_parser<boost::beast::http::string_body>> parser_;
  std::shared_ptr<Exchange> exchange_;  // while a request is answered
  std::chrono::steady_clock::time_point began_;
  std::string peer_;
  std::string writing_;
  size_t written_ = 0;
  Phase phase_ = Phase::Header;
  uint64_t deadline_ = 0;  // counts the deadlines, so that an old one that fires late is known
  bool header_checked_ = false;
  bool reads_ = false;    // a read is under way
  bool writes_ = false;   // a write is under way
  bool is_last_ = false;  // what is being written ends the answer
  bool closed_ = false;
};

}  // namespace jet::serve
