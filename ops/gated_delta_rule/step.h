// One token of the gated delta rule on some columns of S.
#pragma once

#include <cstdint>

namespace jet {

// Columns that a step handles at once: four vectors of the machine.
int64_t delta_rule_columns();

struct DeltaRuleStep {
  const float* q;  // [K]
  const float* k;  // [K]
  int64_t keys;    // K
  float decay;     // exp(g)
  float beta;
  float* s;        // [K, columns], updated
  int64_t stride;  // floats between its rows
  const float* v;  // [columns]
  float* y;        // [columns]
};

// delta = beta (v - decay S^T k);  S <- decay S + k delta^T;  y = S^T q.
void delta_rule_step(const DeltaRuleStep& args);

}  // namespace jet
