#pragma once

#include "kernels/product.hpp"

namespace fedscape::kernels {

/// One thread for each element of a model: body(m, i) for i below body.size().
template <class Body>
struct ElementBlocks {
  static constexpr int kThreads = 256;
  struct Block {
    struct Shared {};
    struct Thread {};
    Body body;
    Index first;
    int model;
    template <class Each>
    FEDSCAPE_HOST_DEVICE void run(Shared&, Each each) const {
      each([&](Thread&, int id) {
        const Index i = first + static_cast<Index>(id);
        if (i < body.size()) body(model, i);
      });
    }
  };
  Body body;

  FEDSCAPE_HOST_DEVICE bool block(Index index, int m, Block& block) const {
    block = {body, index * kThreads, m};
    return true;
  }
};

template <class Launch, class Body>
void launch_elements(Launch& launch, const Body& body, int models) {
  constexpr std::int64_t threads = ElementBlocks<Body>::kThreads;
  if (models > 0) launch(ElementBlocks<Body>{body}, (body.size() + threads - 1) / threads, models);
}

}  // namespace fedscape::kernels
