#include "serve/page/page.h"

#include <algorithm>
#include <array>

#include "serve/page/assets.h"

namespace jet::serve {
namespace {

constexpr std::array<Asset, 4> kAssets{{
    {"/", "text/html; charset=utf-8", kIndexHtml},
    {"/page.css", "text/css; charset=utf-8", kPageCss},
    {"/page.js", "text/javascript; charset=utf-8", kPageJs},
    {"/openapi.json", "application/json", kOpenApi},
}};

}  // namespace

const Asset* find_asset(std::string_view path) {
  const auto found = std::ranges::find(kAssets, path, &Asset::path);
  return found == kAssets.end() ? nullptr : &*found;
}

HttpResponse asset_response(const Asset& asset) {
  return {
      .content_type = std::string(asset.content_type),
      .body = std::string(asset.text),
      // Nothing from anywhere else, and no other site may frame the page.
      .headers = {{"Content-Security-Policy",
                   "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
                   "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
                  {"X-Content-Type-Options", "nosniff"},
                  {"Referrer-Policy", "no-referrer"},
                  {"Cache-Control", "no-cache"}}};
}

}  // namespace jet::serve
