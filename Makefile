# What a person types. The settings of each kind of build are in CMakePresets.json; docs/building.md says more.
SHELL := /bin/bash
STEP  := @tools/step.sh
MODEL := models-cache/SmolLM2-135M-Instruct.Q4_1.gguf
JET   := build/release/apps/jet/jet

.PHONY: help demo test gpu-test aarch64-test release python bench fuzz soak format tidy docs clean setup configure

help:      ## lists the targets
	@sed -nE 's/^([a-z0-9-]+): .*## (.*)/make \1\t\2/p' Makefile | expand -t 20

demo: release ## builds the program, fetches a small model and lets it answer
	$(STEP) fetch tools/fetch_model.py
	@echo "What is a recurrent neural network? Answer in two sentences." | \
	  tools/step.sh --show answer $(JET) chat --model $(MODEL) --max-tokens 80

test: configure ## builds everything and runs the tests
	$(STEP) python tools/python_packages.sh release
	$(STEP) build cmake --build --preset release
	$(STEP) fetch tools/fetch_model.py || echo "no model: the tests that need it will be SKIPPED"
	$(STEP) --show test ctest --preset release -j$(shell nproc)

gpu-test: setup ## builds the CUDA back end and runs its tests; without a GPU they are SKIPPED
	$(STEP) configure cmake --preset cuda-release
	$(STEP) build cmake --build --preset cuda-release --target jet jet_cuda gpu_test
	$(STEP) --show gpu-test tools/gpu_test.sh build/cuda-release/apps/jet

aarch64-test: ## builds for 64-bit ARM and runs the layers' tests under qemu-user (Debian; root or sudo)
	$(STEP) setup tools/setup.sh build aarch64
	$(STEP) configure-aarch64 cmake --preset aarch64
	$(STEP) build-aarch64 cmake --build --preset aarch64
	$(STEP) --show test-aarch64 ctest --preset aarch64 -j$(shell nproc)

release: configure ## builds the program alone: build/release/apps/jet/jet
	$(STEP) build cmake --build --preset release --target jet

python: configure ## builds the Python package: PYTHONPATH=build/release/python python3
	$(STEP) python tools/python_packages.sh release
	$(STEP) build cmake --build --preset release --target jet_python jet_python_stub

bench: configure ## builds and runs the micro-benchmarks
	$(STEP) build cmake --build --preset release
	@for bench in build/release/*_bench; do echo "== $$bench"; $$bench || exit 1; done

fuzz:      ## builds the fuzzers and runs each for a minute: make fuzz SECONDS=60
	@tools/setup.sh build fuzz
	@tools/fuzz.sh fuzz -max_total_time=$(or $(SECONDS),60)

soak:      ## the long runs, two hours: the server under load and faults, a million and a half inputs a fuzzer: make soak RUNS=1500000
	@tools/soak.sh $(RUNS)

format:    ## formats the sources
	@tools/setup.sh check
	@tools/sources.sh | xargs clang-format -i

tidy: configure ## runs clang-tidy over the sources
	@tools/tidy.sh

docs:      ## draws docs/includes.svg
	@tools/draw_includes.py

clean:     ## removes the builds, not the model
	rm -rf build

setup:
	$(STEP) setup tools/setup.sh

configure: setup
	$(STEP) configure cmake --preset release
