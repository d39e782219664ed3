// /metrics: Prometheus' text format. Names and meanings are vLLM's, under our prefix.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "serve/api/endpoints.h"

namespace jet::serve {
namespace {

// A label's value: backslash, quote and line feed are escaped.
std::string label(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    out += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return out;
}

class Page {
 public:
  explicit Page(ServedModels models) : models_(models) {}

  // One line a model.
  template <typename Value>
  void family(const char* name, const char* type, const char* help, const Value& value) {
    head(name, type, help);
    for (const auto& served : models_)
      text_ += fmt::format("jet:{}{{{}}} {}\n", name, labels(*served), value(*served));
  }

  template <typename Member>
  void histogram(const char* name, const char* help, Member member) {
    head(name, "histogram", help);
    for (const auto& served : models_)
      text_ +=
          (served->host->metrics().*member).lines(fmt::format("jet:{}", name), labels(*served));
  }

  void finished() {
    head("request_success_total", "counter", "Requests that ended, by the reason.");
    for (const auto& served : models_) {
      for (const FinishReason reason : {FinishReason::Stop, FinishReason::Length,
                                        FinishReason::Cancelled, FinishReason::Failed}) {
        text_ += fmt::format("jet:request_success_total{{{},finished_reason=\"{}\"}} {}\n",
                             labels(*served), name(reason),
                             served->host->metrics().finished[static_cast<size_t>(reason)].load());
      }
    }
  }

  void head(const char* name, const char* type, const char* help) {
    text_ += fmt::format("# HELP jet:{} {}\n# TYPE jet:{} {}\n", name, help, name, type);
  }
  void line(const std::string& text) { text_ += text; }
  std::string text() const { return text_; }

 private:
  static std::string labels(const ServedModel& served) {
    return fmt::format("model_name=\"{}\"", label(served.name));
  }

  ServedModels models_;
  std::string text_;
};

}  // namespace

std::string metrics_text(ServedModels models, size_t connections) {
  Page page(models);
  const auto metric = [](const ServedModel& served) -> ModelMetrics& {
    return served.host->metrics();
  };
  page.family("num_requests_running", "gauge", "Requests that the engine works on.",
              [](const ServedModel& m) { return m.host->load().running; });
  page.family("num_requests_waiting", "gauge", "Requests that wait for a place.",
              [](const ServedModel& m) { return m.host->load().waiting; });
  page.family("state_bytes", "gauge", "Memory for the states of sequences.",
              [](const ServedModel& m) { return m.host->load().state_bytes; });
  page.family("state_bytes_in_use", "gauge", "Of that, taken by sequences now.",
              [](const ServedModel& m) { return m.host->load().state_bytes_in_use; });
  page.family("prompt_tokens_total", "counter", "Tokens of prompts.",
              [&](const ServedModel& m) { return metric(m).prompt_tokens.load(); });
  page.family("prefix_cache_queries_total", "counter",
              "Tokens of prompts that were looked up among kept states.",
              [&](const ServedModel& m) { return metric(m).prompt_tokens.load(); });
  page.family("prefix_cache_hits_total", "counter", "Of them, that were not computed again.",
              [&](const ServedModel& m) { return metric(m).cached_tokens.load(); });
  page.family("generation_tokens_total", "counter", "Tokens that were chosen.",
              [&](const ServedModel& m) { return metric(m).generation_tokens.load(); });
  page.finished();
  page.histogram("time_to_first_token_seconds", "From a request's arrival to its first token.",
                 &ModelMetrics::time_to_first_token);
  page.histogram("inter_token_latency_seconds", "Between two tokens of a request.",
                 &ModelMetrics::inter_token_latency);
  page.histogram("e2e_request_latency_seconds", "From a request's arrival to its end.",
                 &ModelMetrics::request_latency);
  page.head("connections", "gauge", "Open connections.");
  page.line(fmt::format("jet:connections {}\n", connections));
  return page.text();
}

}  // namespace jet::serve
