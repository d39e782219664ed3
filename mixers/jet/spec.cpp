#include "mixers/jet/spec.h"

#include <cmath>

#include <nlohmann/json.hpp>

#include "io/expect_only.h"
#include "ops/dynamic_conv/dynamic_conv.h"

namespace jet {
namespace {

constexpr int64_t kMostHeads = 4096;
constexpr int64_t kWidestHead = 65536;

}  // namespace

int64_t JetBlockSpec::value_dim() const {
  return std::llround(static_cast<double>(key_dim) * expand_v);
}

Json JetBlockSpec::config() const {
  return {{"mode", "chunk"},
          {"num_heads", heads},
          {"head_dim", key_dim},
          {"expand_v", expand_v},
          {"conv_size", taps},
          {"dconv_generator_reduction", reduction},
          {"dconv_implementation", "triton"},
          {"norm_eps", norm_eps}};
}

std::vector<TensorSpec> JetBlockSpec::tensors() const {
  const int64_t keys = heads * key_dim;
  const int64_t values = heads * value_dim();
  const std::string generator = "dynamic_conv1d.kernel_generator.";
  return {
      {"q_proj.weight", {keys, hidden}},
      {"k_proj.weight", {keys, hidden}},
      {"v_proj.weight", {values, hidden}},
      {.name = "a_proj.weight", .shape = {heads, hidden}, .keep_float = true},
      {.name = "b_proj.weight", .shape = {heads, hidden}, .keep_float = true},
      {"g_proj.weight", {values, hidden}},
      {"o_proj.weight", {hidden, values}},
      {"A_log", {heads}, Init::DecayRate, true},
      {"dt_bias", {heads}, Init::TimeStep, true},
      {"o_norm.weight", {value_dim()}, Init::Ones},
      {generator + "w1.weight", {generator_width(), hidden}},
      {generator + "w2.weight", {values * taps, generator_width()}, Init::Zeros},
      {generator + "w2.bias", {values * taps}, Init::Normal},
  };
}

StateSpec JetBlockSpec::state() const {
  return {
      {"recurrent", StateGrowth::Fixed, StateUse::Recurrence, heads, Shape{key_dim, value_dim()}},
      {"conv", StateGrowth::Fixed, StateUse::Convolution, taps - 1, Shape{heads * value_dim()}},
  };
}

MixerCost JetBlockSpec::cost(int64_t tokens, int64_t) const {
  const double rows = static_cast<double>(tokens);
  const double keys = static_cast<double>(heads * key_dim);
  const double values = static_cast<double>(heads * value_dim());
  const double generator = static_cast<double>(generator_width());
  const double products = static_cast<double>(hidden) *
                              (2 * keys + 3 * values + 2 * static_cast<double>(heads) + generator) +
                          generator * values * static_cast<double>(taps);
  const double state = keys * static_cast<double>(value_dim());
  return {.flops = rows * (2 * products + 7 * state + 2 * values * static_cast<double>(taps)),
          .bytes = 8 * (state + static_cast<double>(taps - 1) * values)};
}

std::unique_ptr<const MixerSpec> parse_jet_block(const ModelShape& model, const Fields& section) {
  // `mode` and `dconv_implementation` choose kernels of the published code, not the mathematics.
  expect_only(section, {"mode", "num_heads", "head_dim", "expand_v", "conv_size",
                        "dconv_generator_reduction", "dconv_implementation", "norm_eps"});
  auto spec = std::make_unique<JetBlockSpec>();
  spec->hidden = model.hidden;
  spec->heads = section.integer("num_heads", 1, kMostHeads);
  spec->key_dim = section.integer("head_dim", 1, kWidestHead);
  spec->expand_v = section.number("expand_v");
  const bool within = spec->expand_v > 0 && spec->expand_v <= 64;
  if (!within || spec->value_dim() < 1) {
    section.bad("expand_v",
                "expected a factor above 0 and at most 64 that leaves at least one value a head");
  }
  spec->taps = section.integer("conv_size", 1, kMostTaps);
  spec->reduction =
      section.integer("dconv_generator_reduction", 1, spec->heads * spec->value_dim());
  spec->norm_eps = section.number("norm_eps");
  if (!(spec->norm_eps >= 0)) section.bad("norm_eps", "expected a number of 0 or more");
  return spec;
}

}  // namespace jet
