// What JSON texts are wanted, as a small graph of nodes: made from a JSON schema, read by
// JsonMachine.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "io/json.h"

namespace jet {

using JsonNodeId = int32_t;

struct JsonNode {
  enum class Kind { Object, Map, Array, String, Number, Integer, Literals, Choice };
  static constexpr int64_t kUnbounded = std::numeric_limits<int64_t>::max();

  struct Property {
    std::string key;  // as it is written, without the first quote: `name"`
    JsonNodeId value = 0;
    bool required = false;
  };

  Kind kind = Kind::Choice;
  std::vector<Property> properties = {};  // Object: in the order in which they are written
  JsonNodeId inner = 0;                   // Map: of its values; Array: of its items
  int64_t least = 0;                      // Array: items; String: characters
  int64_t most = kUnbounded;
  std::vector<std::string> literals = {};     // Literals: JSON texts, sorted
  std::vector<JsonNodeId> alternatives = {};  // Choice
};

struct JsonGrammar {
  std::vector<JsonNode> nodes;
  JsonNodeId root = 0;
};

// The first nodes of every grammar, for values that nothing is said of.
constexpr JsonNodeId kAnyValue = 0;
constexpr JsonNodeId kAnyObject = 1;
constexpr JsonNodeId kAnyString = 3;

// Any JSON object.
JsonGrammar any_json_object();
// Every text of the grammar satisfies the schema; not all that do are in it: properties come in the
// schema's order, none but those it lists (where it lists any). Known: type, properties, required,
// additionalProperties, items, minItems, maxItems, minLength, maxLength, enum, const, anyOf, allOf
// of one, $ref into $defs or definitions, and annotations. Throws Error naming the place on any
// other keyword, on what stands beside one of the last five (but a type beside enum or const, which
// chooses among the values), and on a schema that is too large. Linear in its size.
JsonGrammar json_schema_grammar(const Json& schema);

}  // namespace jet
