#include "fedscape/base/check.hpp"
#include "fedscape/device/cuda.hpp"

namespace fedscape::cuda {

namespace {
constexpr const char* kNoCuda = "this build of fedscape has no CUDA; configure it with the cuda preset";
}

const bool kBuilt = false;
int device_count() { return 0; }
std::string why_no_device() { return kNoCuda; }
Stream::CudaNative* make_native(Device) { fail(kNoCuda); }
void destroy_native(Stream::CudaNative*) noexcept {}
void synchronize(Stream::CudaNative&) { fail(kNoCuda); }
CUstream_st* queue_of(Stream::CudaNative&) { fail(kNoCuda); }
void use(Device) { fail(kNoCuda); }
std::string bus_address(Device) { fail(kNoCuda); }
std::string device_name(Device) { fail(kNoCuda); }
std::string libraries() { fail(kNoCuda); }
void* allocate(Device, std::size_t) { fail(kNoCuda); }
void deallocate(void*) noexcept {}
std::size_t free_bytes(Device) { fail(kNoCuda); }
void stage(Stream::CudaNative&, void*, const void*, std::size_t) { fail(kNoCuda); }
void copy(Stream::CudaNative&, void*, const void*, std::size_t, bool) { fail(kNoCuda); }
Graph* capture(Stream::CudaNative&, const std::function<void()>&) { fail(kNoCuda); }
void launch(Stream::CudaNative&, Graph&) { fail(kNoCuda); }
void destroy_graph(Graph*) noexcept {}

}  // namespace fedscape::cuda
