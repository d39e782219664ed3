// The way of an answer from any thread to the connection, and the end of it.
#include "serve/http/exchange.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace jet::serve {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

HttpRequest get() {
  HttpRequest request;
  request.method = "GET";
  return request;
}

TEST(Exchange, AnAnswerIsHeadAndBody) {
  int woken = 0;
  Exchange exchange(get(), true, 1000, [&] { ++woken; });
  exchange.add_header("X-Extra", "1");
  exchange.respond({.status = 404, .body = "{}"});
  const auto out = exchange.take();
  EXPECT_EQ(out.bytes,
            "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nX-Extra: 1\r\n"
            "Content-Length: 2\r\nConnection: keep-alive\r\n\r\n{}");
  EXPECT_TRUE(out.is_last);
  EXPECT_EQ(woken, 1);
}

TEST(Exchange, HeadHasNoBodyButItsLength) {
  HttpRequest request;
  request.method = "HEAD";
  Exchange exchange(request, false, 1000, [] {});
  exchange.respond({.body = "{}"});
  EXPECT_THAT(exchange.take().bytes, EndsWith("Content-Length: 2\r\nConnection: close\r\n\r\n"));
}

TEST(Exchange, AStreamIsChunks) {
  Exchange exchange(get(), true, 1000, [] {});
  exchange.begin({.content_type = "text/event-stream"});
  EXPECT_THAT(exchange.take().bytes, HasSubstr("Transfer-Encoding: chunked\r\n"));
  exchange.write("data: 1\n\n");
  exchange.write("");
  EXPECT_EQ(exchange.take().bytes, "9\r\ndata: 1\n\n\r\n");
  exchange.end();
  const auto out = exchange.take();
  EXPECT_EQ(out.bytes, "0\r\n\r\n");
  EXPECT_TRUE(out.is_last);
}

TEST(Exchange, AClientThatDoesNotReadIsGivenUp) {
  int gone = 0;
  Exchange exchange(get(), true, 100, [] {});
  exchange.on_gone([&] { ++gone; });
  exchange.begin({});
  exchange.take();
  const std::string piece(30, 'x');  // 36 bytes as a chunk
  exchange.write(piece);
  exchange.write(piece);
  exchange.sent(exchange.take().bytes.size());
  exchange.write(piece);
  exchange.write(piece);
  EXPECT_FALSE(exchange.is_gone());
  exchange.write(piece);
  EXPECT_TRUE(exchange.is_gone());
  EXPECT_EQ(gone, 1);
  exchange.write(piece);
  exchange.end();
  EXPECT_EQ(exchange.take().bytes, "");
}

TEST(Exchange, OneWhoAsksLateIsToldAtOnce) {
  int gone = 0;
  Exchange exchange(get(), true, 100, [] {});
  exchange.lose();
  exchange.lose();
  exchange.on_gone([&] { ++gone; });
  EXPECT_EQ(gone, 1);
}

}  // namespace
}  // namespace jet::serve
