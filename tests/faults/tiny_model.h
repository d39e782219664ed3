// The smallest model with every mixer and a tokenizer: random weights and the 512 tokens of
// tests/data/tokenizer-512, as a Hugging Face directory and as a GGUF file.
#pragma once

#include <filesystem>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "models/convert.h"
#include "models/files/gguf_file.h"
#include "models/files/hf_directory.h"
#include "models/random_init.h"

namespace jet::faults {

class TinyModel {
 public:
  TinyModel()
      : folder_(std::filesystem::path(::testing::TempDir()) /
                fmt::format("jet-faults-{}", ::getpid())) {
    const Json config{{"model_type", "jet_nemotron"},
                      {"hidden_size", 32},
                      {"num_hidden_layers", 3},
                      {"num_attention_heads", 4},
                      {"num_key_value_heads", 2},
                      {"intermediate_size", 64},
                      {"vocab_size", 512},
                      {"max_position_embeddings", 128},
                      {"rms_norm_eps", 1e-6},
                      {"rope_theta", 10000.0},
                      {"initializer_range", 0.3},
                      {"tie_word_embeddings", true},
                      {"torch_dtype", "float32"},
                      {"layer_types", {"jet", "attn", "swa"}},
                      {"efficient_attention_config",
                       {{"jet",
                         {{"num_heads", 2},
                          {"head_dim", 8},
                          {"expand_v", 2},
                          {"conv_size", 4},
                          {"dconv_generator_reduction", 4},
                          {"norm_eps", 1e-5}}},
                        {"swa", {{"window_size", 16}}}}}};
    Checkpoint checkpoint = random_checkpoint(config, "config", 7);
    const std::string tokenizer = JET_SOURCE_DIR "/tests/data/tokenizer-512";
    set_text_files(checkpoint, open_text_files(tokenizer), tokenizer);
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    save_hf_directory(checkpoint, directory());
    save_gguf_file(checkpoint, file());
  }
  ~TinyModel() { std::filesystem::remove_all(folder_); }
  TinyModel(const TinyModel&) = delete;
  TinyModel& operator=(const TinyModel&) = delete;

  std::filesystem::path folder() const { return folder_; }
  std::filesystem::path directory() const { return folder_ / "model"; }
  std::filesystem::path file() const { return folder_ / "model.gguf"; }

 private:
  std::filesystem::path folder_;
};

// Names in a directory.
inline int64_t entries(const std::filesystem::path& folder) {
  return std::distance(std::filesystem::directory_iterator(folder), {});
}

}  // namespace jet::faults
