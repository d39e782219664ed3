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

void TextOutput::reserve(int64_t tokens) {
  constexpr int64_t kBytesPerToken = 16;  // most tokens have fewer
  constexpr int64_t kHeld = 256;          // beside the longest stop string
  if (tokenizer_ == nullptr) return;
  text_.reserve(static_cast<size_t>(tokens * kBytesPerToken));
  held_.reserve(kHeld);
}

std::string_view TextOutput::push(int32_t id) {
  if (tokenizer_ == nullptr || stopped_ || id >= tokenizer_->vocabulary() ||
      tokenizer_->is_special(id))
    return "";
  characters_.push(tokenizer_->bytes(id), held_);
  return release();
}

std::string_view TextOutput::finish() {
  if (stopped_) return "";
  characters_.flush(held_);
  const size_t released = release().size();
  const size_t rest = stopped_ ? 0 : give(held_.size()).size();
  held_.clear();
  return std::string_view(text_).substr(text_.size() - released - rest);
}

std::string_view TextOutput::give(size_t bytes) {
  text_.append(held_, 0, bytes);
  held_.erase(0, bytes);
  return std::string_view(text_).substr(text_.size() - bytes);
}

std::string_view TextOutput::release() {
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
  return give(certain);
}

}  // namespace jet
