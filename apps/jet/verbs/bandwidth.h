// How fast this machine reads memory: what a decoding step is measured against.
#pragma once

namespace jet::cli {

// Bytes a second that `threads` threads read from a buffer larger than the caches, the best of a
// few rounds. Takes 256 MB for a moment.
double measure_read_bandwidth(int threads);

}  // namespace jet::cli
