// What the server does for each path: one function an endpoint. Each answers the exchange, now or
// later, or throws ApiError.
#pragma once

#include <memory>
#include <span>

#include "serve/api/body.h"
#include "serve/api/served_model.h"
#include "serve/http/exchange.h"

namespace jet::serve {

using ServedModels = std::span<const std::unique_ptr<ServedModel>>;

void complete(const std::shared_ptr<Exchange>& exchange, Body& body, ServedModel& served);
void chat(const std::shared_ptr<Exchange>& exchange, Body& body, ServedModel& served);

Json models_json(ServedModels models);  // /v1/models
Json model_json(const ServedModel& served);
// What the page draws: the layers by kind, parameters, bytes of state.
Json card_json(const ServedModel& served);
Json tokenize(Body& body, const ServedModel& served);
Json detokenize(Body& body, const ServedModel& served);
Json tokenizer_info(const ServedModel& served);
// Prometheus' text format.
std::string metrics_text(ServedModels models, size_t connections);

}  // namespace jet::serve
