// JSON to values.
#include "text/jinja/from_json.h"

#include <limits>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "text/utf8.h"

namespace jet::jinja {
namespace {

constexpr int kMaxJsonDepth = 100;

class Converter {
 public:
  explicit Converter(std::string path) : path_(std::move(path)) {}

  Value convert(const Json& json) {
    switch (json.type()) {
      case Json::value_t::null:
        return Value(None());
      case Json::value_t::boolean:
        return Value(json.get<bool>());
      case Json::value_t::number_integer:
        return Value(json.get<int64_t>());
      case Json::value_t::number_unsigned:
        return integer(json.get<uint64_t>());
      case Json::value_t::number_float:
        return Value(json.get<double>());
      case Json::value_t::string:
        return text(json.get_ref<const std::string&>());
      case Json::value_t::array:
        return array(json);
      case Json::value_t::object:
        return object(json);
      default:
        fail("chat template: {}: a value of no JSON type", path_);
    }
  }

 private:
  Value integer(uint64_t number) const {
    if (number > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
      fail("chat template: {}: {} does not fit a signed integer of 64 bits", path_, number);
    }
    return Value(static_cast<int64_t>(number));
  }

  Value text(const std::string& text) const {
    if (const std::optional<size_t> bad = find_invalid_utf8(text)) {
      fail("chat template: {}: byte {} is not UTF-8", path_, *bad);
    }
    return Value(text);
  }

  Value array(const Json& json) {
    Sequence sequence;
    sequence.items.reserve(json.size());
    for (size_t i = 0; i < json.size(); ++i) {
      sequence.items.push_back(inside(fmt::format("[{}]", i), json[i]));
      sequence.extent.contain(extent_of(sequence.items.back()));
    }
    return Value(std::make_shared<const Sequence>(std::move(sequence)));
  }

  Value object(const Json& json) {
    Dict dict;
    for (const auto& [key, value] : json.items()) {
      Value name = text(key);
      dict.set(std::move(name), inside("." + key, value));
    }
    return Value(std::make_shared<const Dict>(std::move(dict)));
  }

  Value inside(const std::string& step, const Json& json) {
    if (++depth_ > kMaxJsonDepth)
      fail("chat template: {}: nested deeper than {}", path_, kMaxJsonDepth);
    const size_t length = path_.size();
    path_ += step;
    Value value = convert(json);
    path_.resize(length);
    --depth_;
    return value;
  }

  std::string path_;
  int depth_ = 0;
};

}  // namespace

Value from_json(const Json& json, const std::string& name) { return Converter(name).convert(json); }

}  // namespace jet::jinja
