// Frames: the part of Jinja's symbol analysis that shows.
#include "text/jinja/frames.h"

#include <utility>

namespace jet::jinja {

void Frames::read(const std::string& name) { frames_.back().known.insert(name); }

void Frames::set(const std::string& name) {
  Frame& frame = frames_.back();
  const bool first = frame.known.insert(name).second;
  if (first && frame.ifs == 0) frame.hidden->push_back(name);
}

HiddenNames Frames::close() {
  Frame frame = std::move(frames_.back());
  frames_.pop_back();
  for (const HiddenNames& hidden : frame.inner) {
    std::erase_if(*hidden, [&](const std::string& name) { return frame.known.contains(name); });
  }
  if (!frames_.empty()) {
    std::vector<HiddenNames>& outer = frames_.back().inner;
    for (HiddenNames& hidden : frame.inner) {
      if (!hidden->empty()) outer.push_back(std::move(hidden));
    }
    if (!frame.hidden->empty()) outer.push_back(frame.hidden);
  }
  return frame.hidden;
}

}  // namespace jet::jinja
