#pragma once

#include <memory>

#include "fedscape/device/arena.hpp"
#include "fedscape/device/device.hpp"

namespace fedscape {

class Mirrors;
class ProductChoice;
class Profile;
class Workers;

/// Ordered queue of work on one device, with what that work needs: handles, primitive cache, scratch arena. One per
/// thread, made and used by that thread only. On the CPU every call has finished when it returns.
class Stream {
 public:
  explicit Stream(Device device = {});
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  Device device() const { return device_; }
  void synchronize();
  Arena& arena() { return arena_; }
  /// Where the time of this thread is measured (see profile.hpp); null: it is not.
  Profile* profile() const { return profile_; }
  void set_profile(Profile* profile) { profile_ = profile; }
  /// The threads that share work of this one (see team.hpp); null: none.
  Workers* team() const { return team_; }
  void set_team(Workers* team) { team_ = team; }

  /// Whether a CUDA device may round the operands of products to TF32 (11 significant bits), for its tensor cores; sums
  /// stay float32. Of no effect on the CPU.
  bool tf32() const { return tf32_; }
  void set_tf32(bool tf32) { tf32_ = tf32; }
  /// Which products a CUDA device leaves to cuBLAS and cuDNN (see ops/tuning.hpp); null: none.
  const ProductChoice* products() const { return products_; }
  void set_products(const ProductChoice* products) { products_ = products; }
  /// What the device has copies of.
  const std::shared_ptr<Mirrors>& mirrors() const { return mirrors_; }

  /// CPU: oneDNN engine and primitive cache (kernels/cpu/native.hpp); CUDA: stream and library handles
  /// (kernels/cuda/native.cuh). Only kernels look inside.
  struct CpuNative;
  struct CudaNative;
  CpuNative& cpu();
  CudaNative& cuda();

 private:
  static CpuNative* make_cpu();  // kernels/cpu/native.cpp

  Device device_;
  Arena arena_;
  Profile* profile_ = nullptr;
  Workers* team_ = nullptr;
  bool tf32_ = false;
  const ProductChoice* products_ = nullptr;
  std::shared_ptr<Mirrors> mirrors_;  // shared with those who have mirrored arrays
  struct DestroyCpu {
    void operator()(CpuNative*) const noexcept;
  };
  struct DestroyCuda {
    void operator()(CudaNative*) const noexcept;
  };
  std::unique_ptr<CpuNative, DestroyCpu> cpu_;
  std::unique_ptr<CudaNative, DestroyCuda> cuda_;
};

}  // namespace fedscape
