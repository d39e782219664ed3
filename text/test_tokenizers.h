// The tokenizers and reference ids that the tests of this folder share.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "io/file.h"
#include "io/json.h"
#include "text/tokenizer_json.h"
#include "text/tokenizer_spec.h"

namespace jet::testing_text {

inline Json read_json(const std::filesystem::path& path) {
  return parse_json(read_text_file(path), path.string());
}

inline Json test_data(const std::string& name) {
  return read_json(std::filesystem::path(JET_SOURCE_DIR) / "text" / "testdata" / name);
}

// tests/data/tokenizer-512, in Qwen2's form.
inline std::filesystem::path tokenizer_512_folder() {
  return std::filesystem::path(JET_SOURCE_DIR) / "tests" / "data" / "tokenizer-512";
}

inline TokenizerSpec tokenizer_512() {
  const std::filesystem::path folder = tokenizer_512_folder();
  return parse_tokenizer_json(read_text_file(folder / "tokenizer.json"),
                              read_json(folder / "tokenizer_config.json"), "tokenizer-512");
}

}  // namespace jet::testing_text
