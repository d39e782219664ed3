// The merge loop: a doubly linked list of symbols and a heap of candidate merges. A candidate whose
// symbols have changed since it was pushed is dropped when it comes up.
#include "text/bpe.h"

#include <algorithm>
#include <functional>

#include "text/byte_alphabet.h"

namespace jet {
namespace {

using Scratch = Bpe::Scratch;

std::array<int32_t, 256> byte_ids(const TokenIndex& index) {
  std::array<int32_t, 256> ids{};
  for (size_t byte = 0; byte < ids.size(); ++byte) {
    ids[byte] = index.find(byte_symbol(static_cast<unsigned char>(byte))).value_or(-1);
  }
  return ids;
}

class MergeLoop {
 public:
  MergeLoop(const MergeTable& merges, Scratch& scratch)
      : merges_(merges), symbols_(scratch.symbols), heap_(scratch.heap) {}

  void run() {
    heap_.clear();
    for (int32_t at = 0; at + 1 < static_cast<int32_t>(symbols_.size()); ++at) add_candidate(at);
    std::ranges::make_heap(heap_, std::greater{});
    while (!heap_.empty()) {
      std::ranges::pop_heap(heap_, std::greater{});
      const uint64_t candidate = heap_.back();
      heap_.pop_back();
      merge(static_cast<int32_t>(candidate >> 32), static_cast<int32_t>(candidate & 0xFFFFFFFFu));
    }
  }

 private:
  Scratch::Symbol& symbol(int32_t at) { return symbols_[static_cast<size_t>(at)]; }

  // Appends the merge of the symbol and its right neighbour, if there is one, without restoring the
  // heap.
  bool add_candidate(int32_t at) {
    const int32_t rank = merges_.rank(symbol(at).id, symbol(symbol(at).next).id);
    if (rank < 0) return false;
    heap_.push_back(static_cast<uint64_t>(rank) << 32 | static_cast<uint32_t>(at));
    return true;
  }

  void push_candidate(int32_t at) {
    if (add_candidate(at)) std::ranges::push_heap(heap_, std::greater{});
  }

  void merge(int32_t rank, int32_t at) {
    const Merge& merge = merges_.at(rank);
    Scratch::Symbol& left = symbol(at);
    if (left.id != merge.left || left.next < 0 || symbol(left.next).id != merge.right) return;
    Scratch::Symbol& right = symbol(left.next);
    left.id = merge.result;
    left.next = right.next;
    right.id = -1;
    if (left.previous >= 0) push_candidate(left.previous);
    if (left.next >= 0) {
      symbol(left.next).previous = at;
      push_candidate(at);
    }
  }

  const MergeTable& merges_;
  std::vector<Scratch::Symbol>& symbols_;
  std::vector<uint64_t>& heap_;
};

}  // namespace

Bpe::Bpe(std::span<const std::pair<std::string, std::string>> merges, const TokenIndex& index)
    : byte_ids_(byte_ids(index)), merges_(merges, index) {}

void Bpe::encode(std::string_view word, Scratch& scratch, std::vector<int32_t>& out) const {
  auto& symbols = scratch.symbols;
  symbols.clear();
  for (const char c : word) {
    const int32_t id = byte_ids_[static_cast<unsigned char>(c)];
    if (id < 0) continue;
    const auto at = static_cast<int32_t>(symbols.size());
    symbols.push_back({id, at - 1, at + 1});
  }
  if (symbols.empty()) return;
  symbols.back().next = -1;
  MergeLoop(merges_, scratch).run();
  for (int32_t at = 0; at >= 0; at = symbols[static_cast<size_t>(at)].next) {
    out.push_back(symbols[static_cast<size_t>(at)].id);
  }
}

}  // namespace jet
