// Searches and filters as transformers does them: its recorded results (tools/
// make_generation_vectors.py), in which no decision is nearer than rounding.
#include <cmath>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "io/file.h"
#include "io/json.h"
#include "runtime/sampling/filters.h"
#include "runtime/testing/engine_test.h"

namespace jet {
namespace {

// Up to 16 log-probabilities that differ by 1e-5 each (the models' tolerance is 3e-5), and what
// transformers' float32 sums round away.
double score_tolerance(double score) { return 1.6e-4 + 1e-6 * std::abs(score); }

Json vectors() {
  return Json::parse(read_text_file(std::string(JET_SOURCE_DIR) + "/tests/data/generation.json"));
}

template <typename T>
void take(const Json& settings, const char* key, T& target) {
  if (settings.contains(key)) target = settings.at(key).get<T>();
}

Request request_of(const Json& search) {
  const Json& settings = search.at("settings");
  Request request{.prompt = search.at("prompt").get<std::vector<int32_t>>()};
  take(settings, "max_new_tokens", request.max_tokens);
  take(settings, "num_beams", request.beams.beams);
  take(settings, "num_return_sequences", request.answers);
  take(settings, "length_penalty", request.beams.length_penalty);
  take(settings, "repetition_penalty", request.sampling.repetition_penalty);
  take(settings, "no_repeat_ngram_size", request.sampling.no_repeat_ngram);
  take(settings, "min_new_tokens", request.sampling.min_tokens);
  take(settings, "suppress_tokens", request.sampling.suppress);
  take(settings, "bad_words_ids", request.sampling.bad_words);
  const Json early = settings.value("early_stopping", Json(false));
  request.beams.early_stopping = early.is_string()   ? EarlyStopping::Never
                                 : early.get<bool>() ? EarlyStopping::Yes
                                                     : EarlyStopping::No;
  const auto bias = search.at("end_bias").get<float>();
  request.logits_hook = [bias](std::span<const int32_t>, std::span<float> scores) {
    scores[1] += bias;
  };
  return request;
}

void expect_answer(const Answer& answer, const Json& search, size_t index) {
  EXPECT_EQ(answer.ids, search.at("answers")[index].get<std::vector<int32_t>>())
      << search.at("settings") << " answer " << index;
  if (search.at("scores").is_null()) return;
  const auto score = search.at("scores")[index].get<double>();
  EXPECT_NEAR(answer.score, score, score_tolerance(score));
}

TEST(Transformers, SearchesGiveItsAnswers) {
  const Json all = vectors();
  for (const char* name : {"tiny-tied", "tiny-untied"}) {
    Engine engine(testing::tiny_model(name), {.threads = 1, .snapshot_bytes = 0});
    std::vector<const Json*> searches;
    std::vector<RequestId> ids;  // all at once: beams of several requests share steps
    for (const Json& search : all.at("searches")) {
      if (search.at("model") != name) continue;
      searches.push_back(&search);
      ids.push_back(engine.submit(request_of(search)));
    }
    EXPECT_GE(ids.size(), 60u);
    while (engine.step()) {
    }
    for (size_t i = 0; i < ids.size(); ++i) {
      const Output output = engine.take(ids[i]);
      ASSERT_EQ(output.error, "");
      ASSERT_EQ(output.others.size() + 1, searches[i]->at("answers").size());
      for (size_t each = 0; each <= output.others.size(); ++each)
        expect_answer(each == 0 ? output : output.others[each - 1], *searches[i], each);
    }
    EXPECT_EQ(engine.state_bytes_in_use(), 0);
  }
}

TEST(Transformers, FiltersLeaveItsTokens) {
  const Json all = vectors();
  EXPECT_GE(all.at("filters").size(), 100u);
  std::vector<Candidate> candidates;
  for (const Json& row : all.at("filters")) {
    const Json& settings = row.at("settings");
    Sampling sampling;
    take(settings, "temperature", sampling.temperature);
    take(settings, "top_k", sampling.top_k);
    take(settings, "top_p", sampling.top_p);
    take(settings, "min_p", sampling.min_p);
    take(settings, "typical_p", sampling.typical_p);
    take(settings, "epsilon_cutoff", sampling.epsilon_cutoff);
    take(settings, "eta_cutoff", sampling.eta_cutoff);
    filter(sampling, row.at("scores").get<std::vector<float>>(), row.at("keep").get<size_t>(),
           candidates);
    EXPECT_EQ(candidates.size(), row.at("kept").size()) << settings;
    for (const Candidate& candidate : candidates) {
      const std::string id = std::to_string(candidate.id);
      ASSERT_TRUE(row.at("kept").contains(id)) << settings << " keeps token " << id;
      EXPECT_FLOAT_EQ(candidate.score, row.at("kept").at(id).get<float>());
    }
  }
}

}  // namespace
}  // namespace jet
