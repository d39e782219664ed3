// A JSON schema becomes a grammar.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "text/constraint/json_grammar.h"

namespace jet {
namespace {

using Kind = JsonNode::Kind;

constexpr size_t kMostNodes = 10'000;
constexpr size_t kMostLiteralBytes = 1 << 20;
constexpr int kDeepest = 100;

constexpr std::array<std::string_view, 16> kKeywords{
    "type",      "properties", "required", "additionalProperties",
    "items",     "minItems",   "maxItems", "minLength",
    "maxLength", "enum",       "const",    "anyOf",
    "allOf",     "$ref",       "$defs",    "definitions"};
constexpr std::array<std::string_view, 10> kAnnotations{
    "title", "description", "default",    "examples", "$schema",
    "$id",   "$comment",    "deprecated", "readOnly", "writeOnly"};

constexpr std::array<std::string_view, 7> kTypes{"object",  "array",   "string", "number",
                                                 "integer", "boolean", "null"};

class Compiler {
 public:
  explicit Compiler(const Json& schema) : schema_(schema) {}

  JsonGrammar compile() {
    grammar_ = any_json_object();
    grammar_.root = node_of(schema_, "schema", 0);
    check_cycles();
    return std::move(grammar_);
  }

 private:
  JsonNodeId add(JsonNode node) {
    if (grammar_.nodes.size() >= kMostNodes) fail("schema: has more than {} parts", kMostNodes);
    grammar_.nodes.push_back(std::move(node));
    return static_cast<JsonNodeId>(grammar_.nodes.size() - 1);
  }

  JsonNodeId node_of(const Json& schema, const std::string& where, int depth) {
    if (depth > kDeepest) fail("{}: is nested deeper than {}", where, kDeepest);
    if (schema == true) return kAnyValue;
    if (!schema.is_object()) fail("{}: must be an object or true", where);
    for (const auto& [key, value] : schema.items()) check_keyword(key, where);
    if (schema.contains("$ref")) {
      check_beside(schema, "$ref", where);
      return reference(schema, where, depth);
    }
    for (const char* key : {"const", "enum"}) {
      if (!schema.contains(key)) continue;
      check_beside(schema, key, where, "type");
      return literals(values_of_type(schema, key, where), fmt::format("{}.{}", where, key));
    }
    if (schema.contains("anyOf")) {
      check_beside(schema, "anyOf", where);
      return choice(list(schema, "anyOf", where), where + ".anyOf", depth);
    }
    if (schema.contains("allOf")) {
      check_beside(schema, "allOf", where);
      const Json& parts = list(schema, "allOf", where);
      if (parts.size() != 1) fail("{}.allOf: more than one schema at a time is not offered", where);
      return node_of(parts[0], where + ".allOf[0]", depth + 1);
    }
    return typed(schema, where, depth);
  }

  static void check_keyword(const std::string& key, const std::string& where) {
    if (std::ranges::find(kKeywords, key) != kKeywords.end()) return;
    if (std::ranges::find(kAnnotations, key) != kAnnotations.end()) return;
    fail("{}.{}: this keyword is not offered; leave it out", where, key);
  }

  // What stands beside `key` would have to hold as well, and schemas are not intersected: only what
  // says nothing of the value, and `also`, may stand there.
  static void check_beside(const Json& schema, std::string_view key, const std::string& where,
                           std::string_view also = {}) {
    for (const auto& [other, value] : schema.items()) {
      const bool says_nothing = std::ranges::find(kAnnotations, other) != kAnnotations.end() ||
                                other == "$defs" || other == "definitions";
      if (other != key && other != also && !says_nothing)
        fail("{}.{}: is not offered beside {}; leave one of them out", where, other, key);
    }
  }

  // The values of "const" or "enum" that are of the type beside it.
  static Json values_of_type(const Json& schema, const std::string& key, const std::string& where) {
    const Json& given = schema[key];
    Json values = key == "const" ? Json::array({given}) : list(schema, key.c_str(), where);
    if (!schema.contains("type")) return values;
    const std::vector<std::string> types = type_names(schema["type"], where);
    Json fitting = Json::array();
    for (const Json& value : values) {
      if (std::ranges::any_of(types, [&](const auto& type) { return is_of_type(value, type); }))
        fitting.push_back(value);
    }
    if (fitting.empty()) fail("{}.{}: holds no value of the type beside it", where, key);
    return fitting;
  }

  static bool is_of_type(const Json& value, const std::string& type) {
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "string") return value.is_string();
    if (type == "number") return value.is_number();
    if (type == "boolean") return value.is_boolean();
    if (type == "null") return value.is_null();
    if (!value.is_number_float()) return value.is_number_integer();  // 1.0 is an integer as well
    return value.get<double>() == std::trunc(value.get<double>());
  }

  // Of "type": one name or several, each a type of JSON schema.
  static std::vector<std::string> type_names(const Json& type, const std::string& where) {
    const Json list = type.is_array() ? type : Json::array({type});
    if (list.empty()) fail("{}.type: must be a name or a list of names", where);
    std::vector<std::string> names;
    for (const Json& each : list) {
      if (!each.is_string()) fail("{}.type: must be a name or a list of names", where);
      names.push_back(each.get<std::string>());
      if (std::ranges::find(kTypes, names.back()) == kTypes.end())
        fail("{}.type: \"{}\" is no type of JSON schema", where, names.back());
    }
    return names;
  }

  static const Json& list(const Json& schema, const char* key, const std::string& where) {
    const Json& value = schema[key];
    if (!value.is_array() || value.empty())
      fail("{}.{}: must be a list that is not empty", where, key);
    return value;
  }

  JsonNodeId choice(const Json& parts, const std::string& where, int depth) {
    JsonNode node{.kind = Kind::Choice};
    for (size_t i = 0; i < parts.size(); ++i)
      node.alternatives.push_back(node_of(parts[i], fmt::format("{}[{}]", where, i), depth + 1));
    return add(std::move(node));
  }

  JsonNodeId literals(const Json& values, const std::string& where) {
    if (!values.is_array() || values.empty()) fail("{}: must be a list that is not empty", where);
    JsonNode node{.kind = Kind::Literals};
    for (const Json& value : values) {
      node.literals.push_back(value.dump());
      literal_bytes_ += node.literals.back().size();
    }
    if (literal_bytes_ > kMostLiteralBytes)
      fail("{}: the values are longer than {} bytes", where, kMostLiteralBytes);
    std::ranges::sort(node.literals);
    node.literals.erase(std::unique(node.literals.begin(), node.literals.end()),
                        node.literals.end());
    return add(std::move(node));
  }

  // Into this document alone: "#", "#/$defs/NAME".
  JsonNodeId reference(const Json& schema, const std::string& where, int depth) {
    if (!schema["$ref"].is_string()) fail("{}.$ref: must be a string", where);
    const auto path = schema["$ref"].get<std::string>();
    if (const auto known = references_.find(path); known != references_.end()) return known->second;
    const Json* target = nullptr;
    if (path == "#") target = &schema_;
    for (const std::string_view key : {"$defs", "definitions"}) {
      const std::string prefix = fmt::format("#/{}/", key);
      if (!path.starts_with(prefix) || !schema_.contains(key) ||
          !schema_[std::string(key)].is_object())
        continue;
      const Json& definitions = schema_[std::string(key)];
      const auto found = definitions.find(path.substr(prefix.size()));
      if (found != definitions.end()) target = &*found;
    }
    if (target == nullptr)
      fail("{}.$ref: \"{}\" is not in this schema's $defs or definitions", where, path);
    // A place first, so that a schema may refer to itself.
    const JsonNodeId id = add({.kind = Kind::Choice});
    references_[path] = id;
    const JsonNodeId made = node_of(*target, path, depth + 1);
    grammar_.nodes[static_cast<size_t>(id)].alternatives = {made};
    return id;
  }

  JsonNodeId typed(const Json& schema, const std::string& where, int depth) {
    if (!schema.contains("type")) {
      if (schema.contains("properties")) return of_type("object", schema, where, depth);
      if (schema.contains("items")) return of_type("array", schema, where, depth);
      for (const char* key :
           {"required", "additionalProperties", "minItems", "maxItems", "minLength", "maxLength"})
        if (schema.contains(key)) fail("{}.{}: needs a type beside it", where, key);
      return kAnyValue;
    }
    const std::vector<std::string> types = type_names(schema["type"], where);
    if (types.size() == 1) return of_type(types.front(), schema, where, depth);
    JsonNode node{.kind = Kind::Choice};
    for (const std::string& type : types)
      node.alternatives.push_back(of_type(type, schema, where, depth));
    return add(std::move(node));
  }

  JsonNodeId of_type(const std::string& type, const Json& schema, const std::string& where,
                     int depth) {
    if (type == "object") return object(schema, where, depth);
    if (type == "array") {
      JsonNode node{.kind = Kind::Array};
      if (schema.contains("items"))
        node.inner = node_of(schema["items"], where + ".items", depth + 1);
      read_bounds(schema, "minItems", "maxItems", where, node);
      return add(std::move(node));
    }
    if (type == "string") {
      JsonNode node{.kind = Kind::String};
      read_bounds(schema, "minLength", "maxLength", where, node);
      return add(std::move(node));
    }
    if (type == "number") return add({.kind = Kind::Number});
    if (type == "integer") return add({.kind = Kind::Integer});
    if (type == "boolean") return literals({true, false}, where);
    JET_CHECK(type == "null");
    return literals(Json::array({nullptr}), where);
  }

  static void read_bounds(const Json& schema, const char* least, const char* most,
                          const std::string& where, JsonNode& node) {
    const auto read = [&](const char* key, int64_t& value) {
      if (!schema.contains(key)) return;
      const Json& given = schema[key];
      if (!given.is_number_unsigned() || given.get<uint64_t>() > uint64_t{1} << 30)
        fail("{}.{}: must be an integer from 0 to 2^30", where, key);
      value = given.get<int64_t>();
    };
    read(least, node.least);
    read(most, node.most);
    if (node.least > node.most) fail("{}.{}: is larger than {}", where, least, most);
  }

  JsonNodeId object(const Json& schema, const std::string& where, int depth) {
    const Json none = Json::object();
    const Json& properties = schema.contains("properties") ? schema["properties"] : none;
    if (!properties.is_object()) fail("{}.properties: must be an object", where);
    const bool is_open = properties.empty() && (!schema.contains("additionalProperties") ||
                                                schema["additionalProperties"] != false);
    JsonNode node{.kind = is_open ? Kind::Map : Kind::Object};
    if (schema.contains("additionalProperties") && schema["additionalProperties"] != false) {
      const JsonNodeId more =
          node_of(schema["additionalProperties"], where + ".additionalProperties", depth + 1);
      if (is_open) node.inner = more;
    }
    for (const auto& [key, value] : properties.items()) {
      std::string written = Json(key).dump().substr(1);
      node.properties.push_back(
          {std::move(written),
           node_of(value, fmt::format("{}.properties.{}", where, key), depth + 1), false});
    }
    if (schema.contains("required")) {
      if (!schema["required"].is_array()) fail("{}.required: must be a list of names", where);
      for (const Json& name : schema["required"]) {
        const std::string written = name.is_string() ? name.dump().substr(1) : "";
        const auto found = std::ranges::find(node.properties, written, &JsonNode::Property::key);
        if (found == node.properties.end())
          fail("{}.required: {} is not among the properties", where, name.dump());
        found->required = true;
      }
    }
    return add(std::move(node));
  }

  // A value that begins with itself ("$ref": "#" alone) has no text.
  void check_cycles() const {
    enum class Mark { New, Open, Closed };
    std::vector<Mark> marks(grammar_.nodes.size(), Mark::New);
    const auto visit = [&](const auto& self, JsonNodeId id) -> void {
      Mark& mark = marks[static_cast<size_t>(id)];
      if (mark == Mark::Open) fail("schema: a $ref leads to itself with nothing between");
      if (mark == Mark::Closed) return;
      mark = Mark::Open;
      for (const JsonNodeId next : grammar_.nodes[static_cast<size_t>(id)].alternatives)
        self(self, next);
      mark = Mark::Closed;
    };
    for (size_t i = 0; i < marks.size(); ++i) visit(visit, static_cast<JsonNodeId>(i));
  }

  const Json& schema_;
  JsonGrammar grammar_;
  std::map<std::string, JsonNodeId> references_;
  size_t literal_bytes_ = 0;
};

}  // namespace

JsonGrammar any_json_object() {
  JsonGrammar grammar;
  grammar.nodes = {{.kind = Kind::Choice, .alternatives = {1, 2, 3, 4, 5}},
                   {.kind = Kind::Map, .inner = kAnyValue},
                   {.kind = Kind::Array, .inner = kAnyValue},
                   {.kind = Kind::String},
                   {.kind = Kind::Number},
                   {.kind = Kind::Literals, .literals = {"false", "null", "true"}}};
  grammar.root = kAnyObject;
  return grammar;
}

JsonGrammar json_schema_grammar(const Json& schema) { return Compiler(schema).compile(); }

}  // namespace jet
