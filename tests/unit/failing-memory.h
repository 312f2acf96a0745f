/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Allocators of which one call fails, when a test asks for it. The linker puts them in the place
 * of the real ones: a test that has this is linked with --wrap (meson.build, `failing_memory`).
 */

#include <stdbool.h>
#include <stddef.h>

extern unsigned memory_fails_at; /* the n-th allocation from now; 0: none, or it has failed */
extern bool memory_failed;       /* set when it has; the test clears it */

/* For a library that takes its allocator from its user. */
void *__wrap_malloc(size_t size);
