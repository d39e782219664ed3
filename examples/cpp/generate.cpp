// Two requests at once: one greedy, one sampled. Text is printed as soon as it is complete.
#include <cstdio>
#include <cstdlib>

#include <jet/jet.h>

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: generate MODEL (a Hugging Face directory or a .gguf file)\n");
    return 2;
  }
  try {
    const jet::Model model = jet::Model::load(argv[1]);
    jet::Engine engine(model, {.context_length = 512, .max_sequences = 2});

    const jet::RequestId streamed =
        engine.submit({.prompt = model.encode("The capital of France is"), .max_tokens = 16},
                      [](const jet::Token& token) { std::fputs(token.text.c_str(), stdout); });
    const jet::RequestId sampled = engine.submit({
        .prompt = model.encode("Once upon a time"),
        .max_tokens = 24,
        .sampling = {.temperature = 0.8, .top_p = 0.95, .seed = 1},
        .stop = {"\n"},
    });
    while (engine.step()) {
    }
    const jet::Output first = engine.take(streamed);
    const jet::Output second = engine.take(sampled);
    std::printf("\n[%s after %zu tokens]\n%s\n", jet::name(first.finish), first.ids.size(),
                second.text.c_str());
  } catch (const jet::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return EXIT_FAILURE;
  }
}
