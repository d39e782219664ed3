// embedding: checks the arguments once and calls the back end.
#include "ops/embedding/embedding.h"

#include "core/error.h"
#include "ops/device_ops.h"
#include "ops/embedding/kernels.h"
#include "ops/expect.h"

namespace jet {

void embedding(Context& context, const Embedding& args) {
  expect_weight("embedding", "weight", args.weight);
  const int64_t vocabulary = args.weight.out();
  const auto tokens = static_cast<int64_t>(args.ids.size());
  expect("embedding", "y", args.y, DType::F32, Shape{tokens, args.weight.in()});
  for (size_t t = 0; t < args.ids.size(); ++t) {
    if (args.ids[t] < 0 || args.ids[t] >= vocabulary)
      fail("embedding: id {} of row {} is outside the vocabulary of {}", args.ids[t], t,
           vocabulary);
  }
  if (context.device != nullptr) return context.device->ops().embedding(context, args);
  embedding_cpu(context, args);
}

}  // namespace jet
