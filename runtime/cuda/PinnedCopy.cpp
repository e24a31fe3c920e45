//===- PinnedCopy.cpp - Copies by way of pinned memory --------------------===//
#include "runtime/cuda/PinnedCopy.h"

#include <algorithm>
#include <cstring>

namespace glyptic::runtime::cuda {

static constexpr size_t kPieceBytes = size_t(4) << 20; ///< 150 us on the way to a GPU, ten times what starting it takes

PinnedCopy::PinnedCopy(const Driver &driver) : driver(driver), pieces{Piece(driver), Piece(driver)} {
  for (Piece &piece : pieces)
    driver.check(driver.memHostAlloc(&piece.memory, kPieceBytes, 0), "cannot allocate pinned memory");
}

PinnedCopy::~PinnedCopy() {
  for (Piece &piece : pieces)
    driver.memFreeHost(piece.memory);
}

void PinnedCopy::upload(Pointer to, const std::byte *from, size_t size, Stream stream) {
  for (size_t done = 0; done < size; done += kPieceBytes) {
    Piece &piece = pieces[next ^= 1];
    size_t bytes = std::min(kPieceBytes, size - done);
    piece.copied.await();
    std::memcpy(piece.memory, from + done, bytes);
    driver.check(driver.memcpyHtoDAsync(to + done, piece.memory, bytes, stream), "cannot copy to the GPU");
    piece.copied.record(stream);
  }
}

void PinnedCopy::download(std::byte *to, Pointer from, size_t size, Stream stream) {
  const size_t count = (size + kPieceBytes - 1) / kPieceBytes;
  auto bytesOf = [&](size_t index) { return std::min(kPieceBytes, size - index * kPieceBytes); };
  // An upload may still be on its way from a piece: its stream is the same, so the order keeps them apart.
  for (size_t i = 0; i <= count; ++i) {
    if (i < count) {
      Piece &piece = pieces[i % 2];
      driver.check(driver.memcpyDtoHAsync(piece.memory, from + i * kPieceBytes, bytesOf(i), stream),
                   "cannot copy from the GPU");
      piece.copied.record(stream);
    }
    if (i > 0) {
      Piece &arrived = pieces[(i - 1) % 2];
      arrived.copied.await();
      std::memcpy(to + (i - 1) * kPieceBytes, arrived.memory, bytesOf(i - 1));
    }
  }
}

} // namespace glyptic::runtime::cuda
