/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Allocators that fail once, when a test asks for it. The linker puts them in place of the real
 * ones: a test that uses this is linked with --wrap (meson.build, `failing_memory`).
 */

#include <stdbool.h>
#include <stddef.h>

extern unsigned memory_fails_at; /* the n-th allocation from now fails; 0: none, or it has failed */
extern bool memory_failed;       /* set when an allocation has failed; the test clears it */

/* For a library whose user passes the allocator. */
void *__wrap_malloc(size_t size);
