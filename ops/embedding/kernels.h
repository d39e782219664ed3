// The back ends of embedding and its reference; called through embedding.h, which has checked the
// shapes and ids.
#pragma once

#include <vector>

#include "ops/embedding/embedding.h"

namespace jet {

void embedding_cpu(Context& context, const Embedding& args);
void embedding_cuda(Context& context, const Embedding& args);
std::vector<double> embedding_reference(const Embedding& args);  // y in float64; tests only

}  // namespace jet
