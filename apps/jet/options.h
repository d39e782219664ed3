// The options of one verb: names, help texts, strict values. CLI11 does the splitting.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/jet/parse.h"

namespace jet::cli {

class Options {
 public:
  // `verb` as typed: "generate".
  Options(const std::string& verb, const std::string& description);
  ~Options();
  Options(const Options&) = delete;
  Options& operator=(const Options&) = delete;

  // `name` is "--long", "-s,--long", or of a positional argument "NAME". A target that is not given
  // stays as it is.
  void flag(const std::string& name, bool& target, const std::string& help);
  void text(const std::string& name, std::string& target, const std::string& value,
            const std::string& help);
  void text(const std::string& name, std::optional<std::string>& target, const std::string& value,
            const std::string& help);
  void texts(const std::string& name, std::vector<std::string>& target, const std::string& value,
             const std::string& help);  // may be repeated
  void integer(const std::string& name, int64_t& target, IntegerRange range,
               const std::string& help);
  void integer(const std::string& name, std::optional<int64_t>& target, IntegerRange range,
               const std::string& help);
  void integers(const std::string& name, std::vector<int64_t>& target, IntegerRange range,
                const std::string& help);  // "1 2 3" or "1,2,3"
  void number(const std::string& name, std::optional<double>& target, NumberRange range,
              const std::string& help);
  void bytes(const std::string& name, int64_t& target, const std::string& help);
  void choice(const std::string& name, std::string& target, std::vector<std::string> values,
              const std::string& help);
  void positionals(const std::string& name, std::vector<std::string>& target,
                   const std::string& help);

  // Throws UsageError. False: help was asked for.
  bool parse(std::vector<std::string> arguments);
  std::string help() const;

 private:
  using Reader = std::function<void(const std::string&)>;
  void add(const std::string& name, const std::string& value, const std::string& help, Reader read);
  void add_list(const std::string& name, const std::string& value, const std::string& help,
                bool several_at_once, Reader read);
  std::vector<std::string> names() const;
  void refuse_unknown(const std::vector<std::string>& left) const;

  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace jet::cli
