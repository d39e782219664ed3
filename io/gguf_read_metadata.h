// The metadata of a GGUF file, as it stands behind the counts of the header.
#pragma once

#include "io/gguf.h"
#include "io/gguf_cursor.h"

namespace jet {

// `count` entries. Throws Error on a duplicate key and on a value that the format does not allow.
GgufMetadata read_gguf_metadata(GgufCursor& in, uint64_t count);

}  // namespace jet
