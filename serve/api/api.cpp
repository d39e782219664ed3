#include "serve/api/api.h"

#include <algorithm>
#include <array>
#include <exception>
#include <new>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "serve/api/error.h"
#include "serve/api/generation.h"
#include "serve/page/page.h"

namespace jet::serve {
namespace {

constexpr size_t kWorkers = 2;
constexpr std::string_view kModelsPrefix = "/v1/models/";
constexpr std::string_view kConversations = "/v1/conversations";
constexpr const char* kConversationCookie = "jet_conversation=";

constexpr std::array kGet{std::string_view("/health"),  std::string_view("/v1/models"),
                          std::string_view("/metrics"), std::string_view("/tokenizer_info"),
                          std::string_view("/card"),    kConversations};
constexpr std::array<std::string_view, 4> kPost{"/v1/completions", "/v1/chat/completions",
                                                "/tokenize", "/detokenize"};

void respond(Exchange& exchange, const Json& json) {
  exchange.respond({.body = json.dump(-1, ' ', false, Json::error_handler_t::replace)});
}

// Does something answer to this path when it is read, or posted to?
bool is_read(std::string_view path) {
  return std::ranges::find(kGet, path) != kGet.end() || path.starts_with(kModelsPrefix) ||
         find_asset(path) != nullptr;
}

// /v1/conversations/ID/ACTION; without an action the conversation itself.
struct ConversationPath {
  std::string id;
  std::string action;
};
std::optional<ConversationPath> conversation_path(std::string_view path) {
  if (!path.starts_with(kConversations) || path.size() <= kConversations.size() + 1 ||
      path[kConversations.size()] != '/')
    return std::nullopt;
  path.remove_prefix(kConversations.size() + 1);
  const size_t slash = std::min(path.find('/'), path.size());
  const std::string_view action = path.substr(std::min(slash + 1, path.size()));
  if (slash < path.size() && action != "save" && action != "restore") return std::nullopt;
  return ConversationPath{std::string(path.substr(0, slash)), std::string(action)};
}

bool is_posted_to(std::string_view path) {
  const auto conversation = conversation_path(path);
  return std::ranges::find(kPost, path) != kPost.end() ||
         (conversation && !conversation->action.empty());
}
bool is_removed(std::string_view path) {
  const auto conversation = conversation_path(path);
  return conversation && conversation->action.empty();
}

// As Allow lists them; empty: it is no path of this server.
std::string methods_of(std::string_view path) {
  if (is_read(path)) return "GET, HEAD, OPTIONS";
  if (is_posted_to(path)) return "POST, OPTIONS";
  return is_removed(path) ? "DELETE, OPTIONS" : "";
}

// What a browser loads to show the page: there it can ask its user for the key.
bool is_page(const HttpRequest& request) { return find_asset(request.path) != nullptr; }

// A form of another site can post without asking first, but not JSON.
void check_content_type(const HttpRequest& request) {
  std::string_view type = request.header("content-type");
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  if (type != "application/json") throw ApiError(415, "the content type must be application/json");
}

HttpResponse unauthorized(const HttpRequest& request) {
  HttpResponse response = error_response(ApiError(
      401, "this server needs an API key: Authorization: Bearer KEY", {}, "invalid_api_key"));
  if (is_page(request)) response.headers = {{"WWW-Authenticate", "Basic realm=\"jet\""}};
  return response;
}

void answer_error(Exchange& exchange, const ApiError& error) {
  if (exchange.status() != 0) return exchange.abandon();  // it has said something else already
  exchange.respond(error_response(error));
}

// Runs `work`; what it throws becomes the answer.
template <typename Work>
void guarded(Exchange& exchange, const Work& work) {
  try {
    try {
      work();
    } catch (const ApiError& error) {
      answer_error(exchange, error);
    } catch (const Error& error) {
      answer_error(exchange, ApiError(400, error.what()));
    } catch (const std::bad_alloc&) {
      answer_error(exchange, ApiError(503, "memory is exhausted; come again"));
    } catch (const std::exception& error) {
      answer_error(exchange, ApiError(500, error.what()));
    }
  } catch (const std::exception&) {  // not even for the error is there memory
    exchange.abandon();
  }
}

}  // namespace

Api::Api(Access access, std::function<size_t()> connections, const std::string& state_directory)
    : access_(std::move(access)),
      connections_(std::move(connections)),
      saved_(state_directory),
      workers_(kWorkers),
      disk_(1) {}

void Api::ready(std::vector<std::unique_ptr<ServedModel>> models) {
  models_ = std::move(models);
  State loading = State::Loading;
  state_.compare_exchange_strong(loading, State::Ready);
}

void Api::handle(const std::shared_ptr<Exchange>& exchange) {
  guarded(*exchange, [&] {
    access_.mark(*exchange);
    answer(exchange);
  });
}

void Api::answer(const std::shared_ptr<Exchange>& exchange) {
  const HttpRequest& request = exchange->request();
  if (!access_.is_asked_as(request.header("host")))
    throw ApiError(403,
                   fmt::format("this server is not asked by the name in Host, \"{}\": it takes "
                               "localhost and those of --allow-host",
                               request.header("host")),
                   {}, "host_not_allowed");
  if (request.method == "OPTIONS") return exchange->respond({.status = 204, .content_type = {}});
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (request.path == "/health" && reads) return health(*exchange);
  if (!access_.admits(request.header("authorization")))
    return exchange->respond(unauthorized(request));
  if (reads && get(exchange)) return;
  if (request.method == "POST" && post(exchange)) return;
  if (request.method == "DELETE" && remove(exchange)) return;
  const std::string methods = methods_of(request.path);
  if (methods.empty())
    throw ApiError(404, fmt::format("{} is no path of this server", request.path));
  HttpResponse response = error_response(
      ApiError(405, fmt::format("{} does not take {}", request.path, request.method)));
  response.headers.emplace_back("Allow", methods);
  exchange->respond(std::move(response));
}

void Api::health(Exchange& exchange) const {
  switch (state_.load()) {
    case State::Ready:
      return respond(exchange, {{"status", "ok"}});
    case State::Loading:
      throw ApiError(503, "the model is being loaded", {}, "loading");
    case State::Draining:
      throw ApiError(503, "the server is shutting down", {}, "draining");
  }
}

// False: no such path.
bool Api::get(const std::shared_ptr<Exchange>& exchange) {
  const HttpRequest& request = exchange->request();
  const std::string& path = request.path;
  if (const Asset* asset = find_asset(path)) {
    HttpResponse response = asset_response(*asset);
    // Balancers of several replicas can hash it, so that a browser stays with the one that has its
    // conversation's state.
    if (path == "/" && request.header("cookie").find(kConversationCookie) == std::string_view::npos)
      response.headers.emplace_back(
          "Set-Cookie", random_id(kConversationCookie) + "; Path=/; HttpOnly; SameSite=Strict");
    exchange->respond(std::move(response));
    return true;
  }
  if (!is_read(path)) return false;
  check_state();
  if (path == "/v1/models") {
    respond(*exchange, models_json(models_));
  } else if (path.starts_with(kModelsPrefix)) {
    respond(*exchange, model_json(find_model(path.substr(kModelsPrefix.size()))));
  } else if (path == "/metrics") {
    exchange->respond({.content_type = "text/plain; version=0.0.4; charset=utf-8",
                       .body = metrics_text(models_, connections_())});
  } else if (path == kConversations) {
    disk_.post(
        [this, exchange] { guarded(*exchange, [&] { respond(*exchange, saved_.list()); }); });
  } else if (path == "/tokenizer_info") {
    respond(*exchange, tokenizer_info(*models_.front()));
  } else {
    Json cards = Json::array();
    for (const auto& served : models_) cards.push_back(card_json(*served));
    respond(*exchange, cards);
  }
  return true;
}

bool Api::post(const std::shared_ptr<Exchange>& exchange) {
  if (!is_posted_to(exchange->request().path)) return false;
  check_state();
  check_content_type(exchange->request());
  if (const auto conversation = conversation_path(exchange->request().path)) {
    disk_.post([this, exchange, conversation] {
      guarded(*exchange, [&] {
        Body body(exchange->request().body);
        ServedModel& served = model_of(body);
        body.check_all_known();
        const auto& [id, action] = *conversation;
        respond(*exchange, action == "save" ? saved_.save(id, served) : saved_.restore(id, served));
      });
    });
    return true;
  }
  workers_.post([this, exchange] {
    guarded(*exchange, [&] {
      const std::string& path = exchange->request().path;
      Body body(exchange->request().body);
      ServedModel& served = model_of(body);
      if (path == "/v1/completions")
        complete(exchange, body, served);
      else if (path == "/v1/chat/completions")
        chat(exchange, body, served);
      else
        respond(*exchange, path == "/tokenize" ? tokenize(body, served) : detokenize(body, served));
    });
  });
  return true;
}

bool Api::remove(const std::shared_ptr<Exchange>& exchange) {
  const auto conversation = conversation_path(exchange->request().path);
  if (!conversation || !conversation->action.empty()) return false;
  check_state();
  disk_.post([this, exchange, id = conversation->id] {
    guarded(*exchange, [&] { respond(*exchange, saved_.remove(id)); });
  });
  return true;
}

void Api::check_state() const {
  if (state_ == State::Loading)
    throw ApiError(503, "the model is being loaded; come again", {}, "loading");
  if (state_ == State::Draining) throw ApiError(503, "the server is shutting down", {}, "draining");
}

ServedModel& Api::model_of(Body& body) const {
  const auto name = body.string("model");
  if (name) return find_model(*name);
  if (models_.size() > 1)
    body.bad("model", "is missing, and this server has several; /v1/models lists them");
  return *models_.front();
}

ServedModel& Api::find_model(const std::string& name) const {
  const auto found = std::ranges::find(models_, name, [](const auto& each) { return each->name; });
  if (found != models_.end()) return **found;
  throw ApiError(
      404, fmt::format("no model is called \"{}\"; /v1/models lists those that are served", name),
      "model", "model_not_found");
}

}  // namespace jet::serve
