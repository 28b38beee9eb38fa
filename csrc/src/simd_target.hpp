#pragma once

/// What [[gnu::target]] takes for the code of SimdLevel::kV4. GCC needs to be told to fill 64-byte vectors; clang
/// refuses that word together with the rest, and does so by itself.
#if defined(__clang__)
#define TUNEGATE_TARGET_V4 "arch=x86-64-v4"
#else
#define TUNEGATE_TARGET_V4 "arch=x86-64-v4,prefer-vector-width=512"
#endif
