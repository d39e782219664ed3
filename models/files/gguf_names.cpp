#include "models/files/gguf_names.h"

#include <array>
#include <charconv>
#include <utility>

#include "core/error.h"

namespace jet {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;

constexpr std::array kModel{
    Pair{"model.embed_tokens.weight", "token_embd.weight"},
    Pair{"model.norm.weight", "output_norm.weight"},
    Pair{"lm_head.weight", "output.weight"},
};

constexpr std::array kLayer{
    Pair{"input_layernorm.weight", "attn_norm.weight"},
    Pair{"post_attention_layernorm.weight", "ffn_norm.weight"},
    Pair{"mlp.gate_proj.weight", "ffn_gate.weight"},
    Pair{"mlp.up_proj.weight", "ffn_up.weight"},
    Pair{"mlp.down_proj.weight", "ffn_down.weight"},
};

constexpr std::array kAttention{
    Pair{"q_proj.weight", "attn_q.weight"},      Pair{"q_proj.bias", "attn_q.bias"},
    Pair{"k_proj.weight", "attn_k.weight"},      Pair{"k_proj.bias", "attn_k.bias"},
    Pair{"v_proj.weight", "attn_v.weight"},      Pair{"v_proj.bias", "attn_v.bias"},
    Pair{"o_proj.weight", "attn_output.weight"}, Pair{"q_norm.weight", "attn_q_norm.weight"},
    Pair{"k_norm.weight", "attn_k_norm.weight"},
};

std::string_view look_up(std::span<const Pair> table, std::string_view name) {
  for (const auto& [ours, theirs] : table) {
    if (ours == name) return theirs;
  }
  return {};
}

}  // namespace

std::string gguf_name(std::string_view name, const DecoderSpec& spec) {
  if (const auto found = look_up(kModel, name); !found.empty()) return std::string(found);
  constexpr std::string_view kPrefix = "model.layers.";
  JET_CHECK(name.starts_with(kPrefix));
  std::string_view rest = name.substr(kPrefix.size());
  size_t layer = 0;
  const auto [end, problem] = std::from_chars(rest.data(), rest.data() + rest.size(), layer);
  JET_CHECK(problem == std::errc() && layer < spec.layers.size());
  rest.remove_prefix(static_cast<size_t>(end - rest.data()) + 1);
  if (const auto found = look_up(kLayer, rest); !found.empty())
    return fmt::format("blk.{}.{}", layer, found);

  constexpr std::string_view kMixer = "self_attn.";
  JET_CHECK(rest.starts_with(kMixer));
  rest.remove_prefix(kMixer.size());
  const std::string_view kind = spec.layers[layer].mixer->kind();
  if (kind != "attn" && kind != "swa") return fmt::format("blk.{}.{}.{}", layer, kind, rest);
  const auto found = look_up(kAttention, rest);
  JET_CHECK(!found.empty());
  return fmt::format("blk.{}.{}", layer, found);
}

}  // namespace jet
