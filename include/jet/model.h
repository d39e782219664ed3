// A language model opened from disk: its weights, its tokenizer, and what can be said of it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <jet/error.h>

namespace jet {

struct LoadedModel;  // the inside: runtime/model/loaded_model.h

struct ChatMessage {
  std::string role;  // "system", "user", "assistant"
  std::string content;
};

// What products of weights and activations are computed in.
enum class ComputeType {
  Auto,  // the fastest; on the CPU weights of block types meet activations rounded to 8 bits
  F32,   // float32 throughout: the reference
  BF16,
  F16,
};

enum class DeviceChoice {
  Auto,  // CUDA where it is available, else the CPU
  Cpu,
  Cuda,
};

struct ModelOptions {
  ComputeType dtype = ComputeType::Auto;  // on the CPU f32, on CUDA bf16
  DeviceChoice device = DeviceChoice::Cpu;
  double memory_fraction = 0.9;  // of the device's free memory: the most that is taken
  bool deterministic = false;    // CUDA: the same tokens whatever runs beside a request; the CPU's
                                 // always are
};

// Immutable and cheap to copy: copies share the weights. Safe to use from several threads.
class Model {
 public:
  // A Hugging Face directory or a .gguf file. Throws Error naming the file and the place at fault,
  // on a type that the device does not compute in, or where Cuda is asked for and not available.
  static Model load(const std::string& path, const ModelOptions& options = {});

  // "cpu", or the device's name; where Auto did not find CUDA, `reason` says why.
  std::string device(std::string* reason = nullptr) const;
  std::string architecture() const;  // "llama", "qwen2", "qwen3", "jet_nemotron"
  int64_t parameters() const;
  int64_t vocabulary() const;       // rows of the logits
  int64_t trained_context() const;  // max_position_embeddings
  int64_t weight_bytes() const;     // as stored

  bool has_tokenizer() const;
  bool has_chat_template() const;
  // The next four throw Error where the model's files hold no tokenizer.
  std::vector<int32_t> encode(std::string_view text, bool special = true) const;
  // A text that begins a sequence: after the begin-of-text token where the tokenizer adds one, as
  // Llama 3's does. A chat template writes its own; its text is for encode().
  std::vector<int32_t> encode_prompt(std::string_view text) const;
  std::string decode(std::span<const int32_t> ids, bool skip_special = false) const;
  bool is_end(int32_t id) const;  // ends a text or a turn
  // The dialogue as the model's chat template writes it, ready for the assistant's answer.
  std::string chat_prompt(std::span<const ChatMessage> messages,
                          bool add_generation_prompt = true) const;

  const LoadedModel& loaded() const { return *loaded_; }

 private:
  explicit Model(std::shared_ptr<const LoadedModel> loaded) : loaded_(std::move(loaded)) {}
  std::shared_ptr<const LoadedModel> loaded_;
};

}  // namespace jet
