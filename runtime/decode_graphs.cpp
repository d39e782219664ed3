#include "runtime/decode_graphs.h"

#include <algorithm>

namespace jet {
namespace {

bool is_decoding_on_device(const Decoder& decoder, const DecoderCall& call) {
  if (decoder.device() == nullptr || call.on_hidden) return false;
  const BatchView& batch = call.batch;
  for (size_t n = 0; n < batch.slots.size(); ++n) {
    if (batch.offsets[n + 1] - batch.offsets[n] != 1) return false;
  }
  return true;
}

}  // namespace

void DecodeGraphs::forward(const Decoder& decoder, Context& context, const DecoderCall& call) {
  if (!is_decoding_on_device(decoder, call)) return decoder.forward(context, call);
  const Form form{call.batch.sequences(), call.batch.pages_per_sequence,
                  call.logit_rows.size(), call.batch.on_device.ids,
                  call.logits.data,       call.states.front().front().data};
  const auto known = std::ranges::find(steps_, form, &Step::form);
  if (known == steps_.end()) {
    decoder.forward(context,
                    call);  // brings scratch memory and plans of products to where they stay
    steps_.push_front({form, nullptr});
    if (steps_.size() > kMost) steps_.pop_back();
    return;
  }
  steps_.splice(steps_.begin(), steps_, known);
  if (known->graph == nullptr)
    known->graph = decoder.device()->record([&] { decoder.forward(context, call); });
  known->graph->launch();
}

}  // namespace jet
