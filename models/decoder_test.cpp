// The decoder refuses what a device cannot run, before any weight is taken.
#include "models/decoder.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/device.h"
#include "core/error.h"
#include "ops/preparer.h"

namespace jet {
namespace {

// A device that has a name and does nothing: the refusal comes first.
class NamedDevice final : public Device {
 public:
  std::string_view name() const override { return "a GPU"; }
  const DeviceOps& ops() const override { unused(); }
  std::shared_ptr<std::byte> allocate(int64_t) override { unused(); }
  int64_t memory_limit() const override { unused(); }
  int64_t memory_in_use() const override { unused(); }
  void upload(std::byte*, const std::byte*, int64_t) override { unused(); }
  void download(std::byte*, const std::byte*, int64_t) override { unused(); }
  void copy(std::byte*, const std::byte*, int64_t) override { unused(); }
  void clear(std::byte*, int64_t) override { unused(); }
  void wait() override { unused(); }
  std::unique_ptr<DeviceGraph> record(const std::function<void()>&) override { unused(); }
  double measure_copy_bandwidth() override { unused(); }

 private:
  [[noreturn]] static void unused() { throw std::logic_error("the device was used"); }
};

class OnNamedDevice final : public Preparer {
 public:
  Device* device() const override { return &device_; }
  Weight weight(const Tensor& tensor) const override { return {tensor}; }
  Weight exact_weight(const Tensor& tensor) const override { return {tensor}; }
  Weight table(const Tensor& tensor) const override { return {tensor}; }
  Tensor vector(const Tensor& tensor) const override { return tensor; }

 private:
  mutable NamedDevice device_;
};

class HostLoops final : public MixerSpec {
 public:
  std::string_view kind() const override { return "mean"; }
  Json config() const override { return Json::object(); }
  std::vector<TensorSpec> tensors() const override { return {}; }
  StateSpec state() const override { return {}; }
  MixerCost cost(int64_t, int64_t) const override { return {}; }
  std::unique_ptr<Mixer> prepare(const TensorSource&, const Preparer&) const override {
    throw std::logic_error("the mixer was prepared");
  }
};

TEST(Decoder, RefusesAMixerOfHostLoopsOnADevice) {
  DecoderSpec spec;
  spec.layers.push_back({.mixer = std::make_shared<HostLoops>()});
  const TensorSource none = [](std::string_view) -> Tensor {
    throw std::logic_error("a tensor was taken");
  };
  try {
    const Decoder decoder(spec, none, OnNamedDevice());
    FAIL() << "a decoder was made";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "layer_types: mean runs on the CPU alone, and a GPU was asked for: --device cpu "
                 "runs it");
  }
}

}  // namespace
}  // namespace jet
