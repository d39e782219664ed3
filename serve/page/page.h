// The web page's files and the API's description, which are part of the program.
#pragma once

#include <string_view>

#include "serve/http/message.h"

namespace jet::serve {

struct Asset {
  std::string_view path;  // "/"
  std::string_view content_type;
  std::string_view text;
};

const Asset* find_asset(std::string_view path);  // null: no such file
HttpResponse asset_response(const Asset& asset);

}  // namespace jet::serve
