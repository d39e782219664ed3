// An HTTP request and its answer as plain values.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace jet::serve {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method;  // "GET"
  std::string path;    // "/v1/models": the target without what follows a '?'
  Headers headers;     // names in lower case
  std::string body;
  std::string peer;  // the client's address

  // The first header of that name (in lower case); empty without one.
  std::string_view header(std::string_view name) const;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body = {};
  Headers headers = {};
};

std::string_view reason_phrase(int status);  // "Not Found"

// The head of an answer, with its empty line. Chunked, unless `length` is not negative.
std::string response_head(const HttpResponse& response, int64_t length, bool keep_alive);
// One piece of a chunked body.
std::string chunk(std::string_view data);
constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace jet::serve
