#include "mixers/attention/spec.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "io/expect_only.h"

namespace jet {
namespace {

constexpr int64_t kLongestWindow = int64_t{1} << 24;

}  // namespace

Json AttentionSpec::config() const {
  Json section = Json::object();
  if (window > 0) section["window_size"] = window;
  return section;
}

std::vector<TensorSpec> AttentionSpec::tensors() const {
  const int64_t q_width = model.heads * model.head_dim;
  const int64_t kv_width = model.kv_heads * model.head_dim;
  std::vector<TensorSpec> list{
      {"q_proj.weight", {q_width, model.hidden}},
      {"k_proj.weight", {kv_width, model.hidden}},
      {"v_proj.weight", {kv_width, model.hidden}},
      {"o_proj.weight", {model.hidden, q_width}},
  };
  if (model.attention_bias) {
    list.push_back({"q_proj.bias", {q_width}, Init::Zeros});
    list.push_back({"k_proj.bias", {kv_width}, Init::Zeros});
    list.push_back({"v_proj.bias", {kv_width}, Init::Zeros});
  }
  if (model.qk_norm) {
    list.push_back({"q_norm.weight", {model.head_dim}, Init::Ones});
    list.push_back({"k_norm.weight", {model.head_dim}, Init::Ones});
  }
  return list;
}

StateSpec AttentionSpec::state() const {
  const StateGrowth growth = window == 0 ? StateGrowth::PerToken : StateGrowth::Ring;
  const Shape row{model.kv_heads, model.head_dim};
  return {{"k", growth, StateUse::Attention, window, row},
          {"v", growth, StateUse::Attention, window, row}};
}

MixerCost AttentionSpec::cost(int64_t tokens, int64_t context) const {
  const double q_width = static_cast<double>(model.heads * model.head_dim);
  const double kv_width = static_cast<double>(model.kv_heads * model.head_dim);
  const double rows = static_cast<double>(tokens);
  double seen = rows * (static_cast<double>(context) + (rows + 1) / 2);  // pairs (t, j)
  if (window > 0) seen = std::min(seen, rows * static_cast<double>(window));
  const double cached = static_cast<double>(window == 0 ? context : std::min(context, window));
  return {.flops = 2 * rows * static_cast<double>(model.hidden) * (2 * q_width + 2 * kv_width) +
                   4 * seen * q_width,
          .bytes = 2 * kv_width * 4 * (cached + rows)};
}

std::unique_ptr<const MixerSpec> parse_full_attention(const ModelShape& model,
                                                      const Fields& section) {
  expect_only(section, {});
  auto spec = std::make_unique<AttentionSpec>();
  spec->model = model;
  return spec;
}

std::unique_ptr<const MixerSpec> parse_window_attention(const ModelShape& model,
                                                        const Fields& section) {
  auto spec = std::make_unique<AttentionSpec>();
  expect_only(section, {"window_size"});
  spec->model = model;
  spec->window = section.integer("window_size", 1, kLongestWindow);
  return spec;
}

}  // namespace jet
