// Prompts as token ids: from text, from ids, from a dialogue by the model's chat template.
#pragma once

#include <cstdint>
#include <vector>

#include "serve/api/body.h"
#include "serve/api/served_model.h"

namespace jet::serve {

constexpr size_t kMostPrompts = 128;

// A text, a list of ids, or a list of either. Throws ApiError 400.
std::vector<std::vector<int32_t>> read_prompts(Body& body, std::string_view key,
                                               const Model& model);
// One list of ids.
std::vector<int32_t> read_ids(Body& body, std::string_view key, const Json& list,
                              const Model& model);

// `messages`, `chat_template_kwargs` and `add_generation_prompt` of the body through the template,
// with the tools (null: none).
std::string render_chat(Body& body, const Model& model, const Json& tools);

// Throws ApiError 400 "context_length_exceeded" where not even one token of an answer fits.
void check_length(const std::vector<int32_t>& prompt, const ServedModel& served);

}  // namespace jet::serve
