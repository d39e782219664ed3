#include "runtime/engine/text_output.h"

#include <algorithm>
#include <string_view>

namespace jet {
namespace {

// Length of the longest end of `text` that begins `stop` without being all of it.
size_t overlap(std::string_view text, std::string_view stop) {
  for (size_t length = std::min(text.size(), stop.size() - 1); length > 0; --length) {
    if (stop.starts_with(text.substr(text.size() - length))) return length;
  }
  return 0;
}

}  // namespace

TextOutput::TextOutput(const Tokenizer* tokenizer, std::vector<std::string> stop)
    : tokenizer_(tokenizer), stop_(std::move(stop)) {
  std::erase_if(stop_, [](const std::string& text) { return text.empty(); });
}

std::string TextOutput::push(int32_t id) {
  if (tokenizer_ == nullptr || stopped_ || id >= tokenizer_->vocabulary() ||
      tokenizer_->is_special(id))
    return "";
  held_ += characters_.push(tokenizer_->bytes(id));
  return release();
}

std::string TextOutput::finish() {
  if (stopped_) return "";
  held_ += characters_.flush();
  std::string rest = release();
  if (!stopped_) {
    text_ += held_;
    rest += held_;
  }
  held_.clear();
  return rest;
}

std::string TextOutput::release() {
  size_t certain = std::string::npos;
  for (const std::string& stop : stop_) {
    const size_t at = held_.find(stop);
    if (at == std::string::npos) continue;
    stopped_ = true;
    certain = std::min(certain, at);
  }
  if (!stopped_) {
    certain = held_.size();
    for (const std::string& stop : stop_)
      certain = std::min(certain, held_.size() - overlap(held_, stop));
  }
  std::string piece = held_.substr(0, certain);
  held_.erase(0, certain);
  text_ += piece;
  return piece;
}

}  // namespace jet
