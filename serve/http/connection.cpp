#include "serve/http/connection.h"

#include <algorithm>
#include <cctype>
#include <exception>

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "io/json.h"

namespace jet::serve {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

constexpr size_t kPipelined =
    64 << 10;  // of following requests that are read while one is answered
constexpr std::chrono::milliseconds kLingerTime{1000};

int status_of(const boost::system::error_code& error) {
  if (error == http::error::body_limit) return 413;
  if (error == http::error::header_limit) return 431;
  return 400;
}

std::string lower(std::string_view name) {
  std::string text(name);
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

}  // namespace

Connection::Connection(asio::ip::tcp::socket socket, ConnectionHost& host)
    : socket_(std::move(socket)), timer_(socket_.get_executor()), host_(host) {}

void Connection::start() {
  boost::system::error_code error;
  static_cast<void>(socket_.set_option(asio::ip::tcp::no_delay(true), error));
  const auto remote = socket_.remote_endpoint(error);
  peer_ = error ? "gone" : remote.address().to_string();
  phase_ = Phase::Header;
  set_deadline(host_.options.limits.header_time);
  read();
}

void Connection::close() {
  if (closed_) return;
  closed_ = true;
  const auto self = shared_from_this();
  if (exchange_ != nullptr) {
    write_log();
    exchange_->lose();
    exchange_.reset();
  }
  boost::system::error_code ignored;
  static_cast<void>(socket_.close(ignored));
  clear_deadline();
  host_.forget(this);
}

void Connection::read() {
  if (reads_ || closed_) return;
  reads_ = true;
  // Not into buffer_, which may be consumed while this waits.
  socket_.async_read_some(asio::buffer(incoming_),
                          [self = shared_from_this()](const auto& error, size_t bytes) {
                            self->on_read(error, bytes);
                          });
}

void Connection::on_read(const boost::system::error_code& error, size_t bytes) {
  reads_ = false;
  if (closed_) return;
  if (error) return close();
  if (phase_ == Phase::Linger) return read();  // thrown away
  buffer_.commit(asio::buffer_copy(buffer_.prepare(bytes), asio::buffer(incoming_, bytes)));
  if (phase_ == Phase::Answer) {
    if (buffer_.size() < kPipelined) read();
    return;
  }
  parse();
}

void Connection::parse() {
  const HttpLimits& limits = host_.options.limits;
  if (phase_ == Phase::Idle) {
    phase_ = Phase::Header;
    set_deadline(limits.header_time);
  }
  if (!parser_) {
    parser_.emplace();
    parser_->header_limit(static_cast<uint32_t>(limits.header_bytes));
    parser_->body_limit(limits.body_bytes);
    parser_->eager(false);
    header_checked_ = false;
    began_ = std::chrono::steady_clock::now();
  }
  if (phase_ == Phase::Body) set_deadline(limits.body_idle);
  while (!parser_->is_done()) {
    boost::system::error_code error;
    const size_t used = parser_->put(buffer_.data(), error);
    buffer_.consume(used);
    if (error == http::error::need_more) error = {};
    if (error) return refuse(status_of(error), "the request is malformed: " + error.message());
    if (parser_->is_header_done() && !header_checked_) {
      if (!check_header()) return;
      continue;
    }
    if (used == 0 || buffer_.size() == 0) break;
  }
  if (parser_->is_done()) return dispatch();
  read();
}

// False: the request was refused.
bool Connection::check_header() {
  header_checked_ = true;
  const HttpLimits& limits = host_.options.limits;
  const auto& message = parser_->get();
  const auto refused = [this](int status, const std::string& why) {
    refuse(status, why);
    return false;
  };
  if (message.target().size() > limits.target_bytes)
    return refused(414, fmt::format("the target is longer than {} bytes", limits.target_bytes));
  const auto fields = std::distance(message.begin(), message.end());
  if (static_cast<size_t>(fields) > limits.headers)
    return refused(431,
                   fmt::format("{} header fields, at most {} are read", fields, limits.headers));
  const auto hosts = message.count(http::field::host);
  if (hosts > 1 || (hosts == 0 && message.version() >= 11))
    return refused(400, fmt::format("{} Host fields, expected one", hosts));
  if (message.count(http::field::content_encoding) > 0)
    return refused(415, "Content-Encoding is not read; send the body as it is");
  if (message.count(http::field::content_length) > 1)
    return refused(400, "Content-Length stands more than once");
  const auto expectation = message[http::field::expect];
  if (!expectation.empty()) {
    if (lower({expectation.data(), expectation.size()}) != "100-continue")
      return refused(417, "Expect knows 100-continue alone");
    boost::system::error_code error;  // 25 bytes: they fit into the socket's buffer, or it is gone
    asio::write(socket_, asio::buffer(std::string_view("HTTP/1.1 100 Continue\r\n\r\n")), error);
  }
  parser_->eager(true);
  phase_ = Phase::Body;
  set_deadline(limits.body_idle);
  return true;
}

void Connection::refuse(int status, const std::string& message) {
  HttpRequest request;
  request.peer = peer_;
  if (parser_ && parser_->is_header_done()) {
    const auto method = parser_->get().method_string();
    const auto target = parser_->get().target();
    request.method.assign(method.data(), method.size());
    request.path.assign(target.data(), std::min<size_t>(target.size(), 256));
  }
  begin_exchange(std::move(request), false);
  exchange_->respond({.status = status, .body = host_.options.error_body(status, message)});
}

void Connection::dispatch() {
  auto message = parser_->release();
  HttpRequest request;
  request.peer = peer_;
  const std::string_view target(message.target().data(), message.target().size());
  request.method.assign(message.method_string().data(), message.method_string().size());
  request.path = target.substr(0, target.find('?'));
  for (const auto& field : message) {
    request.headers.emplace_back(lower({field.name_string().data(), field.name_string().size()}),
                                 std::string(field.value().data(), field.value().size()));
  }
  request.body = std::move(message.body());
  begin_exchange(std::move(request), message.keep_alive() && !host_.draining);
  read();  // tells when the client goes away
  const auto exchange = exchange_;
  if (exchange == nullptr) return;
  host_.options.handle(exchange);
}

void Connection::begin_exchange(HttpRequest request, bool keep_alive) {
  phase_ = Phase::Answer;
  clear_deadline();
  const auto wake = [weak = weak_from_this(), executor = socket_.get_executor()] {
    const auto self = weak.lock();
    if (self == nullptr) return;
    asio::post(executor, [weak] {
      if (const auto there = weak.lock()) there->flush();
    });
  };
  exchange_ = std::make_shared<Exchange>(std::move(request), keep_alive,
                                         host_.options.limits.unread_bytes, wake);
}

void Connection::flush() {
  if (closed_ || writes_ || exchange_ == nullptr) return;
  if (exchange_->is_gone()) return close();
  auto out = exchange_->take();
  is_last_ = out.is_last;
  if (out.bytes.empty()) {
    if (is_last_) finish();
    return;
  }
  writing_ = std::move(out.bytes);
  written_ = 0;
  write_some();
}

void Connection::write_some() {
  writes_ = true;
  set_deadline(host_.options.limits.write_idle);
  const auto rest = asio::buffer(writing_.data() + written_, writing_.size() - written_);
  socket_.async_write_some(
      rest, [self = shared_from_this()](const boost::system::error_code& error, size_t bytes) {
        self->writes_ = false;
        if (self->closed_) return;
        if (error) return self->close();
        self->clear_deadline();
        self->exchange_->sent(bytes);
        self->written_ += bytes;
        if (self->written_ < self->writing_.size()) return self->write_some();
        if (self->is_last_) return self->finish();
        self->flush();
      });
}

// The answer is with the client's system.
void Connection::finish() {
  write_log();
  const bool goes_on = exchange_->keep_alive() && !host_.draining;
  exchange_.reset();
  parser_.reset();
  writing_ = {};
  if (!goes_on) return linger();
  phase_ = Phase::Idle;
  set_deadline(host_.options.limits.keep_alive);
  if (buffer_.size() > 0) return parse();
  buffer_.shrink_to_fit();
  read();
}

// Closing at once would make the system throw away an answer whose client is still sending.
void Connection::linger() {
  phase_ = Phase::Linger;
  buffer_.clear();
  boost::system::error_code ignored;
  static_cast<void>(socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored));
  set_deadline(kLingerTime);
  read();
}

void Connection::set_deadline(Duration from_now) {
  const uint64_t mine = ++deadline_;
  timer_.expires_after(from_now);
  timer_.async_wait([weak = weak_from_this(), mine](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (!error && self != nullptr && self->deadline_ == mine) self->on_deadline();
  });
}

void Connection::clear_deadline() {
  ++deadline_;
  timer_.cancel();
}

void Connection::on_deadline() {
  const bool began = parser_ || buffer_.size() > 0;
  if (phase_ == Phase::Header && began) return refuse(408, "the header did not come to its end");
  if (phase_ == Phase::Body) return refuse(408, "the body did not come to its end");
  close();
}

void Connection::write_log() const {
  if (!host_.options.log) return;
  const auto elapsed = std::chrono::steady_clock::now() - began_;
  const HttpRequest& request = exchange_->request();
  Json line{{"time", fmt::format("{:%FT%TZ}", fmt::gmtime(std::time(nullptr)))},
            {"peer", request.peer},
            {"method", request.method},
            {"path", request.path},
            {"status", exchange_->status()},
            {"bytes", exchange_->body_bytes()},
            {"seconds", std::chrono::duration<double>(elapsed).count()}};
  if (exchange_->is_gone() || closed_) line["client_gone"] = true;
  for (const auto& [name, value] : exchange_->notes()) line[name] = value;
  // A path may hold bytes that are not UTF-8.
  host_.options.log(line.dump(-1, ' ', true, Json::error_handler_t::replace));
}

}  // namespace jet::serve
