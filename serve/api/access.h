// Who may ask: API keys, the names the server is asked by, and other pages' scripts (CORS).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "serve/http/exchange.h"

namespace jet::serve {

class Access {
 public:
  // Without keys everyone may ask. `origins`: the web origins whose scripts may read answers; "*":
  // any. `hosts`: the names, without ports, that requests may be sent to; none: any.
  Access(std::vector<std::string> keys, std::vector<std::string> origins,
         std::vector<std::string> hosts = {});

  // Of an Authorization header: "Bearer KEY", or "Basic BASE64(anything:KEY)", which a browser
  // sends after it has asked its user. Takes the same time for every wrong key of one length.
  bool admits(std::string_view authorization) const;
  // Of a Host header: "NAME" or "NAME:PORT", in any case. A page of another site can have its own
  // name lead to this machine (DNS rebinding), but its browser still says that name. Only programs
  // of HTTP/1.0 send none.
  bool is_asked_as(std::string_view host) const;
  // Puts the CORS headers on the answer where the origin is known.
  void mark(Exchange& exchange) const;

 private:
  bool is_key(std::string_view given) const;

  std::vector<std::string> keys_;
  std::vector<std::string> origins_;
  std::vector<std::string> hosts_;
};

}  // namespace jet::serve
