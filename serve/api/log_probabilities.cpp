#include "serve/api/log_probabilities.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "text/utf8.h"

namespace jet::serve {
namespace {

Json empty_lists() {
  return {{"tokens", Json::array()},
          {"token_logprobs", Json::array()},
          {"top_logprobs", Json::array()},
          {"text_offset", Json::array()}};
}

std::string_view token_bytes(const Tokenizer& tokenizer, int32_t id) {
  return id < tokenizer.vocabulary() ? tokenizer.bytes(id) : std::string_view();
}

// Characters begun: bytes that do not continue one.
int64_t characters(std::string_view bytes) {
  return std::ranges::count_if(bytes, [](char byte) { return (byte & 0xC0) != 0x80; });
}

Json named(const Tokenizer& tokenizer, int32_t id, double value) {
  Json bytes = Json::array();
  for (const char byte : token_bytes(tokenizer, id))
    bytes.push_back(static_cast<unsigned char>(byte));
  return {{"token", token_name(tokenizer, id)}, {"logprob", value}, {"bytes", std::move(bytes)}};
}

}  // namespace

std::string token_name(const Tokenizer& tokenizer, int32_t id) {
  const std::string_view bytes = token_bytes(tokenizer, id);
  if (!find_invalid_utf8(bytes)) return std::string(bytes);
  std::string name = "bytes:";
  for (const char byte : bytes) name += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
  return name;
}

CompletionLogProbabilities::CompletionLogProbabilities(const Tokenizer& tokenizer, int64_t offset)
    : tokenizer_(tokenizer), offset_(offset), lists_(empty_lists()) {}

void CompletionLogProbabilities::add(int32_t id, const LogProbabilities* values) {
  lists_["tokens"].push_back(token_name(tokenizer_, id));
  lists_["text_offset"].push_back(offset_);
  offset_ += characters(token_bytes(tokenizer_, id));
  if (values == nullptr) {
    lists_["token_logprobs"].push_back(nullptr);
    lists_["top_logprobs"].push_back(nullptr);
    return;
  }
  Json top = Json::object();
  for (const auto& [other, value] : values->top) top.emplace(token_name(tokenizer_, other), value);
  top.emplace(token_name(tokenizer_, id), values->chosen);
  lists_["token_logprobs"].push_back(values->chosen);
  lists_["top_logprobs"].push_back(std::move(top));
}

Json CompletionLogProbabilities::take() {
  Json taken = std::move(lists_);
  lists_ = empty_lists();
  return taken;
}

Json chat_log_probability(const Tokenizer& tokenizer, int32_t id, const LogProbabilities& values) {
  Json entry = named(tokenizer, id, values.chosen);
  Json top = Json::array();
  for (const auto& [other, value] : values.top) top.push_back(named(tokenizer, other, value));
  entry["top_logprobs"] = std::move(top);
  return entry;
}

}  // namespace jet::serve
