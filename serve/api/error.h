// What a client did wrong, or the server cannot do now, in OpenAI's form.
#pragma once

#include <stdexcept>
#include <string>

#include "io/json.h"
#include "serve/http/message.h"

namespace jet::serve {

class ApiError : public std::runtime_error {
 public:
  // `param` is the path of the field at fault, `code` a word for programs; both may be empty.
  ApiError(int http_status, const std::string& message, std::string field = {},
           std::string word = {})
      : std::runtime_error(message),
        status(http_status),
        param(std::move(field)),
        code(std::move(word)) {}

  int status;
  std::string param;
  std::string code;
};

// {"error": {"message", "type", "param", "code"}}
Json error_json(const ApiError& error);
// 429 and 503 say when to come again.
HttpResponse error_response(const ApiError& error);

}  // namespace jet::serve
