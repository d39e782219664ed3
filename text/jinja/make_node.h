// For the parser: nodes that know how deep the tree below them is.
#pragma once

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "text/jinja/ast.h"
#include "text/jinja/token_stream.h"

namespace jet::jinja {

inline int depth_of(const ExprPtr& node) { return node ? node->depth : 0; }
inline int depth_of(const std::vector<ExprPtr>& nodes) {
  int depth = 0;
  for (const ExprPtr& node : nodes) depth = std::max(depth, node->depth);
  return depth;
}
inline int depth_of(const CallArguments& arguments) {
  int depth = depth_of(arguments.positional);
  for (const auto& [name, value] : arguments.named) depth = std::max(depth, value->depth);
  return depth;
}

// `depth`: of the deepest part.
template <typename Node>
ExprPtr make(TokenStream& tokens, Position at, int depth, Node node) {
  if (depth >= kMaxTreeDepth)
    tokens.fail(at, "an expression of more than {} terms inside one another", kMaxTreeDepth);
  return std::make_unique<const Expr>(Expr{.at = at, .depth = depth + 1, .node = std::move(node)});
}

}  // namespace jet::jinja
