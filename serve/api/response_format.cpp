#include "serve/api/response_format.h"

#include <array>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <jet/error.h>

#include "runtime/model/loaded_model.h"
#include "serve/api/error.h"
#include "text/constraint/token_constraint.h"

namespace jet::serve {

std::shared_ptr<const JsonGrammar> read_response_format(Body& body) {
  static constexpr std::array<std::string_view, 3> kTypes{"text", "json_object", "json_schema"};
  auto format = body.object("response_format");
  if (!format) return nullptr;
  const std::string type = format->choice("type", kTypes, "");
  if (type.empty()) format->bad("type", "is missing");
  JsonGrammar grammar = any_json_object();
  if (type == "json_schema") {
    auto named = format->object("json_schema");
    if (!named) format->bad("json_schema", "is missing");
    named->string("name");
    named->string("description");
    named->boolean("strict", true);
    const Json* schema = named->find("schema");
    if (schema == nullptr) named->bad("schema", "is missing");
    named->check_all_known();
    try {
      grammar = json_schema_grammar(*schema);
    } catch (const Error& error) {
      throw ApiError(400, error.what(), "response_format.json_schema.schema");
    }
  }
  format->check_all_known();
  if (type == "text") return nullptr;
  return std::make_shared<const JsonGrammar>(std::move(grammar));
}

void add_requests(GenerationPlan& plan, Request request, ServedModel& served,
                  const std::shared_ptr<const JsonGrammar>& grammar, const std::string& field) {
  if (grammar == nullptr) {
    plan.requests.push_back(std::move(request));
    return;
  }
  const LoadedModel& loaded = served.model().loaded();
  if (!loaded.tokenizer) throw ApiError(400, "this model has no tokenizer", field);
  if (!request.stop_at_end)
    throw ApiError(400, fmt::format("ignore_eos does not go with {}: JSON ends", field),
                   "ignore_eos");
  if (loaded.generation.eos.empty())
    throw ApiError(400, "this model names no token that ends a text, so JSON could not end", field);
  std::call_once(served.tokens_made,
                 [&] { served.tokens = std::make_shared<const TokenTable>(*loaded.tokenizer); });
  const int64_t answers = std::exchange(request.answers, 1);
  for (int64_t i = 0; i < answers; ++i) {
    Request one = request;
    one.sampling.seed += static_cast<uint64_t>(i);
    const auto constraint =
        std::make_shared<TokenConstraint>(served.tokens, grammar, loaded.generation.eos);
    one.logits_hook = [constraint, prompt = one.prompt.size()](std::span<const int32_t> tokens,
                                                               std::span<float> scores) {
      constraint->apply(tokens.subspan(prompt), scores);
    };
    plan.requests.push_back(std::move(one));
  }
}

}  // namespace jet::serve
