// Who may ask: API keys, and other pages' scripts (CORS).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "serve/http/exchange.h"

namespace jet::serve {

class Access {
 public:
  // Without keys everyone may ask. `origins`: the web origins whose scripts may read answers; "*":
  // any.
  Access(std::vector<std::string> keys, std::vector<std::string> origins);

  // Of an Authorization header: "Bearer KEY", or "Basic BASE64(anything:KEY)", which a browser
  // sends after it has asked its user. Takes the same time for every wrong key of one length.
  bool admits(std::string_view authorization) const;
  // Puts the CORS headers on the answer where the origin is known.
  void mark(Exchange& exchange) const;

 private:
  bool is_key(std::string_view given) const;

  std::vector<std::string> keys_;
  std::vector<std::string> origins_;
};

}  // namespace jet::serve
