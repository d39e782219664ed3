// What is asked of an engine, and what comes back.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace jet {

// Added to the logit of a token.
struct TokenBias {
  int32_t id = 0;
  double bias = 0;
};

// How the next token is chosen. The steps, their order and what they do are those of transformers'
// generate: logit_bias, repetition penalty, no_repeat_ngram, bad_words, min_tokens, suppress, the
// request's hook; and, unless the choice is greedy, temperature, top_k, top_p, min_p, typical_p,
// epsilon_cutoff, eta_cutoff. OpenAI's presence and frequency penalties follow the repetition
// penalty.
struct Sampling {
  // 0: the likeliest token (greedy); the steps from temperature on are then unused.
  double temperature = 0;
  int64_t top_k = 0;          // only the k likeliest and those that equal the k-th; 0: all
  double top_p = 1;           // the fewest tokens whose probabilities reach p
  double min_p = 0;           // only tokens with at least min_p times the largest probability
  double typical_p = 1;       // tokens of the most typical information that together reach p
  double epsilon_cutoff = 0;  // only tokens of at least this probability
  double eta_cutoff = 0;      // the same with min(eta, sqrt(eta) exp(-entropy))
  // Of tokens of the prompt and the answer: logits above 0 divided by it, others multiplied.
  double repetition_penalty = 1;
  // Of tokens of the answer alone: taken from their logits once, and as often as they occur.
  double presence_penalty = 0;
  double frequency_penalty = 0;
  std::vector<TokenBias> logit_bias = {};
  int64_t no_repeat_ngram = 0;  // no n tokens in a row twice, the prompt's counted; 0: any may be
  std::vector<std::vector<int32_t>> bad_words = {};  // sequences of tokens that may not appear
  int64_t min_tokens = 0;                            // no end token before so many others
  std::vector<int32_t> suppress = {};                // tokens that may not appear
  uint64_t seed = 0;  // the same seed, prompt and options give the same text
};

// transformers' early_stopping: false, true, "never".
enum class EarlyStopping {
  No,    // when no running beam can become better as it stands
  Yes,   // when there are as many finished beams as running ones
  Never  // when no running beam can become better, however long it becomes
};

// Beam search with transformers' semantics. Finished beams are ranked by their summed
// log-probability divided by (number of chosen tokens)^length_penalty.
struct BeamOptions {
  int64_t beams = 1;  // 1: no beam search
  double length_penalty = 1;
  EarlyStopping early_stopping = EarlyStopping::No;
};

// May change the scores [vocabulary] of the next token: logits, or log-probabilities where beams
// are searched; -infinity forbids a token. `tokens` is the prompt (in a conversation: all that was
// said) and what was chosen since. What it throws fails its request alone.
using LogitsHook = std::function<void(std::span<const int32_t> tokens, std::span<float> scores)>;

using RequestId = uint64_t;
// A dialogue whose state stays in the engine between requests.
using ConversationId = uint64_t;

struct Request {
  std::vector<int32_t> prompt = {};  // in a conversation: what follows the tokens it has consumed
  int64_t max_tokens = 256;
  Sampling sampling = {};
  std::vector<std::string> stop = {};  // the text ends before the first of these; needs a tokenizer
  bool stop_at_end = true;             // at the model's end-of-text tokens
  // The tokens that end a text in the place of the model's.
  std::optional<std::vector<int32_t>> end_tokens = {};
  std::optional<ConversationId> conversation = {};
  // How many answers are wanted: answer i is what a request with seed + i would give alone; with
  // beams the best so many, at most as many as beams. In a conversation: one.
  int64_t answers = 1;
  BeamOptions beams = {};
  // Log-probabilities of the chosen tokens and, besides, of the likeliest so many (at most 20) at
  // each place; -1: none. They are the model's own: of the logits before any step of Sampling.
  int64_t log_probabilities = -1;
  // The same of the prompt's tokens but the first, each after those before it; the prompt is then
  // computed from its beginning. Needs log_probabilities; not in a conversation.
  bool prompt_log_probabilities = false;
  // States are kept for, and taken from, requests of the same salt alone: between others not even
  // time tells what was asked before.
  std::string cache_salt = {};
  LogitsHook logits_hook = {};
};

struct TokenLogProbability {
  int32_t id = 0;
  double value = 0;  // natural logarithm
};

// At one place of an answer.
struct LogProbabilities {
  double chosen = 0;
  std::vector<TokenLogProbability> top;  // falling; of equal ones the lower id first
};

enum class FinishReason {
  Stop,    // an end token or a stop string
  Length,  // max_tokens, or the context is full
  Cancelled,
  Failed,  // Answer::error says why
};
const char* name(FinishReason reason);  // "stop", "length", "cancelled", "error"

struct Answer {
  std::vector<int32_t> ids;  // an end token included
  std::string text;  // whole characters; without special tokens and the stop string; empty without
                     // a tokenizer
  FinishReason finish = FinishReason::Stop;
  std::string error;
  std::vector<LogProbabilities> log_probabilities;  // of each of ids, where they were asked for
  double score = 0;                                 // of a beam: what it was ranked by
};

// The first answer, or the best beam, and what is true of all.
struct Output : Answer {
  std::vector<Answer> others;  // the second and so on
  // Of the prompt's second token and so on, where they were asked for.
  std::vector<LogProbabilities> prompt_log_probabilities = {};
  int64_t prompt_tokens = 0;
  int64_t cached_tokens = 0;  // of them, that were not computed again
  double prompt_seconds = 0;  // from admission to the first token
  double decode_seconds = 0;  // from the first token to the last
};

// A token as it was chosen, with the text that became complete by it (often a word, sometimes
// nothing). `text` and `log_probabilities` (null: not asked for) are valid during the call.
struct Token {
  int32_t id = 0;
  const std::string& text;
  int64_t answer = 0;  // which one it belongs to
  const LogProbabilities* log_probabilities = nullptr;
};
// With beams it is called for the tokens of the answers when the search is over.
using OnToken = std::function<void(const Token& token)>;

}  // namespace jet
