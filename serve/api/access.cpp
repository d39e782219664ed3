#include "serve/api/access.h"

#include <algorithm>
#include <optional>

namespace jet::serve {
namespace {

// Reads all of both, wherever they differ.
bool equal(std::string_view a, std::string_view b) {
  unsigned difference = a.size() == b.size() ? 0 : 1;
  for (size_t i = 0; i < a.size(); ++i) {
    const char other = b.empty() ? '\0' : b[i % b.size()];
    difference |= static_cast<unsigned char>(a[i] ^ other);
  }
  return difference == 0;
}

std::string lower(std::string_view text) {
  std::string copy(text);
  for (char& c : copy) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return copy;
}

// Nothing on text that is not base64.
std::optional<std::string> decode_base64(std::string_view text) {
  static constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const size_t value = kAlphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 0xff);
  }
  return out;
}

}  // namespace

Access::Access(std::vector<std::string> keys, std::vector<std::string> origins,
               std::vector<std::string> hosts)
    : keys_(std::move(keys)), origins_(std::move(origins)), hosts_(std::move(hosts)) {
  for (std::string& host : hosts_) host = lower(host);
}

bool Access::admits(std::string_view authorization) const {
  if (keys_.empty()) return true;
  constexpr std::string_view kBearer = "Bearer ";
  constexpr std::string_view kBasic = "Basic ";
  if (authorization.starts_with(kBearer)) return is_key(authorization.substr(kBearer.size()));
  if (!authorization.starts_with(kBasic)) return false;
  const auto pair = decode_base64(authorization.substr(kBasic.size()));
  if (!pair) return false;
  const size_t colon = pair->find(':');
  return colon != std::string::npos && is_key(std::string_view(*pair).substr(colon + 1));
}

bool Access::is_key(std::string_view given) const {
  bool found = false;
  for (const std::string& key : keys_) found |= equal(given, key);
  return found;
}

bool Access::is_asked_as(std::string_view host) const {
  if (hosts_.empty() || host.empty()) return true;
  const size_t end_of_address = host.starts_with('[') ? host.find(']') : 0;
  if (end_of_address == std::string_view::npos) return false;
  const size_t colon = host.find(':', end_of_address);
  if (colon != std::string_view::npos) {
    const std::string_view port = host.substr(colon + 1);
    if (!std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; })) return false;
  }
  return std::ranges::find(hosts_, lower(host.substr(0, colon))) != hosts_.end();
}

void Access::mark(Exchange& exchange) const {
  const std::string_view origin = exchange.request().header("origin");
  if (origin.empty()) return;
  const bool any = std::ranges::find(origins_, "*") != origins_.end();
  if (!any && std::ranges::find(origins_, origin) == origins_.end()) return;
  exchange.add_header("Access-Control-Allow-Origin", any ? "*" : std::string(origin));
  exchange.add_header("Vary", "Origin");
  if (exchange.request().method != "OPTIONS") return;
  exchange.add_header("Access-Control-Allow-Methods", "GET, POST, DELETE, OPTIONS");
  exchange.add_header("Access-Control-Allow-Headers",
                      "Authorization, Content-Type, X-Conversation");
  exchange.add_header("Access-Control-Max-Age", "600");
}

}  // namespace jet::serve
