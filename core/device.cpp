#include "core/device.h"

namespace jet {

Tensor device_tensor(Device& device, DType type, const Shape& shape) {
  ConstTensorView view{nullptr, type, shape};
  const std::shared_ptr<std::byte> memory = device.allocate(view.bytes());
  view.data = memory.get();
  return {view, memory};
}

Tensor to_device(Device& device, ConstTensorView host) {
  const std::shared_ptr<std::byte> memory = device.allocate(host.bytes());
  device.upload(memory.get(), host.data, host.bytes());
  host.data = memory.get();
  return {host, memory};
}

Tensor to_host(Device& device, ConstTensorView on_device) {
  Tensor host(on_device.type, on_device.shape);
  device.download(host.mutable_view().data, on_device.data, on_device.bytes());
  return host;
}

}  // namespace jet
