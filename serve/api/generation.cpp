#include "serve/api/generation.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <random>

#include <fmt/format.h>

#include "serve/api/error.h"

namespace jet::serve {
namespace {

std::string event(const Json& data) {
  return fmt::format("data: {}\n\n", data.dump(-1, ' ', false, Json::error_handler_t::replace));
}

double mean_log_probability(const Answer& answer) {
  double sum = 0;
  for (const LogProbabilities& each : answer.log_probabilities) sum += each.chosen;
  return sum / static_cast<double>(std::max<size_t>(1, answer.log_probabilities.size()));
}

struct Made {
  const Answer* answer;
  const Output* output;  // that it is part of
};

// Its members are the engine thread's, but for what begins it.
class Generation {
 public:
  Generation(std::shared_ptr<Exchange> exchange, std::string model, GenerationPlan plan)
      : exchange_(std::move(exchange)),
        model_(std::move(model)),
        plan_(std::move(plan)),
        created_(std::chrono::duration_cast<std::chrono::seconds>(
                     std::chrono::system_clock::now().time_since_epoch())
                     .count()),
        outputs_(plan_.requests.size()),
        first_(plan_.requests.size()),
        left_(plan_.requests.size()) {
    size_t answers = 0;
    for (size_t i = 0; i < plan_.requests.size(); ++i) {
      first_[i] = answers;
      answers += static_cast<size_t>(plan_.requests[i].answers);
    }
    opened_.resize(answers);
  }

  std::vector<Request> take_requests() { return std::move(plan_.requests); }

  // Notes where the conversation stands after the one answer to this request.
  void remember(Conversations& conversations, const Request& request) {
    remembered_ = &conversations;
    place_ = {request.prompt, request.cache_salt};
  }

  void on_token(size_t request, const Token& token) {
    if (!plan_.stream || exchange_->is_gone()) return;
    const size_t index = first_[request] + static_cast<size_t>(token.answer);
    open(index);
    send(plan_.format->piece(static_cast<int64_t>(index), token));
  }

  void on_refused(const std::string& why) {
    error_ = ApiError(400, why);
    if (--left_ == 0) finish();
  }

  // What there is no memory to answer.
  void on_lost() { exchange_->abandon(); }

  void on_done(size_t request, Output output) {
    if (remembered_ != nullptr && output.finish != FinishReason::Failed) {
      place_.tokens.insert(place_.tokens.end(), output.ids.begin(), output.ids.end());
      remembered_->note(exchange_->request().header(kConversationHeader), std::move(place_));
    }
    count(request, output);
    close(first_[request], output);
    for (size_t i = 0; i < output.others.size(); ++i)
      close(first_[request] + 1 + i, output.others[i]);
    outputs_[request] = std::move(output);
    if (--left_ == 0) finish();
  }

 private:
  void close(size_t index, const Answer& answer) {
    if (answer.finish == FinishReason::Failed) error_ = ApiError(500, answer.error);
    // Else no one is there to read it.
    if (answer.finish == FinishReason::Cancelled)
      error_ = ApiError(503, "the server is shutting down");
    if (!plan_.stream || error_ || exchange_->is_gone()) return;
    open(index);
    send(plan_.format->closing(static_cast<int64_t>(index), answer));
  }

  void count(size_t request, const Output& output) {
    if (first_[request] % static_cast<size_t>(plan_.answers) == 0) {
      usage_.prompt_tokens += output.prompt_tokens;
      usage_.cached_tokens += output.cached_tokens;
    }
    if (plan_.drops_answer) return;
    usage_.completion_tokens += static_cast<int64_t>(output.ids.size());
    for (const Answer& other : output.others)
      usage_.completion_tokens += static_cast<int64_t>(other.ids.size());
  }

  Json envelope() const {
    return {{"id", plan_.id},
            {"object", plan_.format->object(plan_.stream)},
            {"created", created_},
            {"model", model_},
            {"choices", Json::array()}};
  }

  void open(size_t index) {
    if (!begun_) exchange_->begin({.content_type = "text/event-stream"});
    begun_ = true;
    if (opened_[index]) return;
    opened_[index] = true;
    send(plan_.format->opening(static_cast<int64_t>(index)));
  }

  void send(const Json& choice) {
    if (choice.is_null()) return;
    Json message = envelope();
    message["choices"].push_back(choice);
    if (plan_.include_usage) message["usage"] = nullptr;
    exchange_->write(event(message));
  }

  void finish() {
    exchange_->note("model", model_);
    exchange_->note("prompt_tokens", std::to_string(usage_.prompt_tokens));
    exchange_->note("cached_tokens", std::to_string(usage_.cached_tokens));
    exchange_->note("completion_tokens", std::to_string(usage_.completion_tokens));
    if (exchange_->is_gone()) return;
    if (plan_.stream && begun_) return end_stream();
    if (error_) return exchange_->respond(error_response(*error_));
    Json message = envelope();
    for (int64_t prompt = 0; prompt < plan_.prompts; ++prompt) add_choices(prompt, message);
    message["usage"] = usage_json(usage_);
    exchange_->respond({.body = message.dump(-1, ' ', false, Json::error_handler_t::replace)});
  }

  void add_choices(int64_t prompt, Json& message) {
    std::vector<Made> made = answers_to(prompt);
    if (plan_.best > 0) {
      std::ranges::stable_sort(made, std::greater(),
                               [](const Made& each) { return mean_log_probability(*each.answer); });
      made.resize(static_cast<size_t>(plan_.best));
    }
    for (const Made& each : made) {
      const auto index = static_cast<int64_t>(message["choices"].size());
      message["choices"].push_back(plan_.format->whole(index, *each.answer, *each.output));
    }
  }

  std::vector<Made> answers_to(int64_t prompt) const {
    std::vector<Made> made;
    for (size_t request = 0; request < outputs_.size(); ++request) {
      if (static_cast<int64_t>(first_[request]) / plan_.answers != prompt) continue;
      const Output& output = outputs_[request];
      made.push_back({&output, &output});
      for (const Answer& other : output.others) made.push_back({&other, &output});
    }
    return made;
  }

  void end_stream() {
    if (error_) {
      exchange_->write(event(error_json(*error_)));
    } else if (plan_.include_usage) {
      Json message = envelope();
      message["usage"] = usage_json(usage_);
      exchange_->write(event(message));
    }
    exchange_->write("data: [DONE]\n\n");
    exchange_->end();
  }

  const std::shared_ptr<Exchange> exchange_;
  const std::string model_;
  GenerationPlan plan_;
  const int64_t created_;
  std::vector<Output> outputs_;  // of each request
  std::vector<size_t> first_;    // answer of each request, counted over all
  Conversations* remembered_ = nullptr;
  Conversations::Place place_;
  std::vector<bool> opened_;  // of each answer
  size_t left_;
  bool begun_ = false;
  std::optional<ApiError> error_;
  Usage usage_;
};

}  // namespace

Json usage_json(const Usage& usage) {
  return {{"prompt_tokens", usage.prompt_tokens},
          {"completion_tokens", usage.completion_tokens},
          {"total_tokens", usage.prompt_tokens + usage.completion_tokens},
          {"prompt_tokens_details", {{"cached_tokens", usage.cached_tokens}}}};
}

std::string finish_reason(const Answer& answer) {
  return answer.finish == FinishReason::Length ? "length" : "stop";
}

void start_generation(const std::shared_ptr<Exchange>& exchange, ServedModel& served,
                      GenerationPlan plan) {
  const auto generation = std::make_shared<Generation>(exchange, served.name, std::move(plan));
  std::vector<Job> jobs;
  std::vector<Request> requests = generation->take_requests();
  const std::string_view conversation = exchange->request().header(kConversationHeader);
  if (is_conversation_id(conversation) && requests.size() == 1 && requests.front().answers == 1)
    generation->remember(served.conversations, requests.front());
  for (Request& request : requests) {
    const size_t index = jobs.size();
    jobs.push_back(
        {std::move(request),
         [generation, index](const Token& token) { generation->on_token(index, token); },
         [generation, index](Output output) { generation->on_done(index, std::move(output)); },
         [generation](const std::string& why) { generation->on_refused(why); },
         [generation] { generation->on_lost(); }});
  }
  const auto group = std::make_shared<Group>();
  exchange->on_gone([host = served.host.get(), group] { host->cancel(group); });
  if (!served.host->submit(std::move(jobs), group))
    throw ApiError(429, "too many requests are waiting; come again", {}, "queue_full");
}

std::string random_id(const std::string& prefix) {
  std::random_device random;
  return fmt::format("{}{:08x}{:08x}{:08x}", prefix, random(), random(), random());
}

}  // namespace jet::serve
