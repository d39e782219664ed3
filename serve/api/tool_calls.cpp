#include "serve/api/tool_calls.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <jet/error.h>

#include "io/json.h"

namespace jet::serve {
namespace {

constexpr std::string_view kOpen = "<tool_call>";
constexpr std::string_view kClose = "</tool_call>";
constexpr std::string_view kBlanks = " \t\r\n";

std::optional<ToolCall> parse_call(std::string_view text) {
  Json call;
  try {
    call = parse_json(text, "call");
  } catch (const Error&) {
    return std::nullopt;
  }
  if (!call.is_object() || !call.contains("name") || !call["name"].is_string()) return std::nullopt;
  const Json arguments = call.value("arguments", Json::object());
  if (!arguments.is_object()) return std::nullopt;
  return ToolCall{call["name"].get<std::string>(), arguments.dump()};
}

// Bytes at the end of the text with which the tag may begin.
size_t begun(std::string_view text, std::string_view tag) {
  for (size_t size = std::min(text.size(), tag.size() - 1); size > 0; --size) {
    if (tag.starts_with(text.substr(text.size() - size))) return size;
  }
  return 0;
}

}  // namespace

ToolText ToolCallReader::push(std::string_view text) {
  ToolText out;
  held_ += text;
  const std::string_view all = held_;
  size_t at = 0;
  for (;;) {
    const std::string_view tag = inside_ ? kClose : kOpen;
    const size_t found = all.find(tag, std::max(at, searched_));
    if (found == std::string_view::npos) break;
    const std::string_view before = all.substr(at, found - at);
    if (inside_)
      end_call(out, before, kClose);
    else
      add_content(out, before);
    inside_ = !inside_;
    at = found + tag.size();
    searched_ = at;
  }
  const size_t certain = all.size() - begun(all.substr(at), inside_ ? kClose : kOpen);
  if (!inside_) {
    add_content(out, all.substr(at, certain - at));
    at = certain;
  }
  searched_ = certain - at;
  held_.erase(0, at);
  return out;
}

ToolText ToolCallReader::finish() {
  ToolText out;
  if (inside_)
    end_call(out, held_, "");
  else
    add_content(out, held_);
  if (!has_calls_) out.content += blanks_;
  return out;
}

// Blanks at the end wait for what follows.
void ToolCallReader::add_content(ToolText& out, std::string_view text) {
  const size_t last = text.find_last_not_of(kBlanks);
  if (last == std::string_view::npos) {
    blanks_ += text;
    return;
  }
  out.content += blanks_;
  out.content += text.substr(0, last + 1);
  blanks_ = text.substr(last + 1);
}

void ToolCallReader::end_call(ToolText& out, std::string_view inside, std::string_view closing) {
  if (auto call = parse_call(inside)) {
    out.calls.push_back(std::move(*call));
    has_calls_ = true;
    blanks_.clear();
    return;
  }
  add_content(out, fmt::format("{}{}{}", kOpen, inside, closing));
}

}  // namespace jet::serve
