// Writing tokenizer.json and tokenizer_config.json.
#include <algorithm>
#include <optional>
#include <vector>

#include <nlohmann/json.hpp>

#include "text/tokenizer_json.h"
#include "text/tokenizer_json_parts.h"

namespace jet {
namespace {

std::string json_string(std::string_view text) { return Json(text).dump(); }

Json added_token_json(const AddedToken& token) {
  return {{"content", token.content},       {"single_word", token.single_word},
          {"lstrip", token.lstrip},         {"rstrip", token.rstrip},
          {"normalized", token.normalized}, {"special", token.special}};
}

Json added_tokens_json(const TokenizerSpec& spec) {
  Json tokens = Json::array();
  for (const AddedToken& token : spec.added) {
    Json entry{{"id", token.id}};
    entry.update(added_token_json(token));
    tokens.push_back(std::move(entry));
  }
  return tokens;
}

// Ids below it stand in model.vocab. Added tokens behind the last ordinary one do not: `tokenizers`
// numbers them onwards.
size_t model_vocabulary(const TokenizerSpec& spec) {
  std::vector<bool> is_added(spec.tokens.size());
  for (const AddedToken& token : spec.added) is_added[static_cast<size_t>(token.id)] = true;
  size_t n = spec.tokens.size();
  while (n > 0 && is_added[n - 1]) --n;
  return n;
}

// Written straight as text: a Json object of this size is slow to make.
std::string model_json(const TokenizerSpec& spec) {
  std::string out =
      R"({"type":"BPE","dropout":null,"unk_token":null,"continuing_subword_prefix":null,)";
  out += R"("end_of_word_suffix":null,"fuse_unk":false,"byte_fallback":false,"ignore_merges":)";
  out += spec.ignore_merges ? "true" : "false";
  out += ",\"vocab\":{";
  for (size_t id = 0; id < model_vocabulary(spec); ++id) {
    if (id > 0) out += ',';
    out.append(json_string(spec.tokens[id])).append(":").append(std::to_string(id));
  }
  out += "},\"merges\":[";
  for (size_t rank = 0; rank < spec.merges.size(); ++rank) {
    if (rank > 0) out += ',';
    out.append("[").append(json_string(spec.merges[rank].first)).append(",");
    out.append(json_string(spec.merges[rank].second)).append("]");
  }
  out += "]}";
  return out;
}

Json role_json(const TokenizerSpec& spec, const std::optional<int32_t>& id) {
  return id ? Json(spec.tokens[static_cast<size_t>(*id)]) : Json(nullptr);
}

}  // namespace

std::string tokenizer_json(const TokenizerSpec& spec) {
  const Json head{{"version", "1.0"},
                  {"truncation", nullptr},
                  {"padding", nullptr},
                  {"added_tokens", added_tokens_json(spec)},
                  {"normalizer", normalizer_json(spec)},
                  {"pre_tokenizer", pre_tokenizer_json(spec)},
                  {"post_processor", post_processor_json(spec)},
                  {"decoder", decoder_json()}};
  std::string out = head.dump();
  out.pop_back();
  return out + ",\"model\":" + model_json(spec) + "}\n";
}

Json tokenizer_config_json(const TokenizerSpec& spec) {
  Json added = Json::object();
  for (const AddedToken& token : spec.added)
    added[std::to_string(token.id)] = added_token_json(token);
  return {{"add_bos_token", spec.add_bos},
          {"add_prefix_space", spec.add_prefix_space},
          {"added_tokens_decoder", std::move(added)},
          {"bos_token", role_json(spec, spec.bos)},
          {"clean_up_tokenization_spaces", false},
          {"eos_token",
           role_json(spec, spec.eos.empty() ? std::nullopt : std::optional(spec.eos.front()))},
          {"pad_token", role_json(spec, spec.pad)},
          {"tokenizer_class", "PreTrainedTokenizerFast"},
          {"unk_token", role_json(spec, spec.unk)}};
}

}  // namespace jet
