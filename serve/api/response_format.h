// response_format: answers that are JSON, by constraining each token.
#pragma once

#include <memory>
#include <vector>

#include <jet/request.h>

#include "serve/api/body.h"
#include "serve/api/generation.h"
#include "serve/api/served_model.h"
#include "text/constraint/json_grammar.h"

namespace jet::serve {

// Null for free text. Throws ApiError 400 on a schema that cannot be kept to: never is an answer
// left free instead.
std::shared_ptr<const JsonGrammar> read_response_format(Body& body);

// Adds to the plan what the request asks for, held to the grammar if there is one: each answer
// reads its own text, so that several become several requests. Throws ApiError 400 naming `field`
// where the model cannot do that.
void add_requests(GenerationPlan& plan, Request request, ServedModel& served,
                  const std::shared_ptr<const JsonGrammar>& grammar,
                  const std::string& field = "response_format");

}  // namespace jet::serve
