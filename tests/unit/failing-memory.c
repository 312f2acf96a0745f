/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "failing-memory.h"

unsigned memory_fails_at;
bool memory_failed;

static bool allocation_fails(void)
{
        if (memory_fails_at == 0 || --memory_fails_at > 0)
                return false;
        memory_failed = true;
        return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t n, size_t size);
char *__real_strdup(const char *s);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t n, size_t size);
char *__wrap_strdup(const char *s);

void *__wrap_malloc(size_t size)
{
        return allocation_fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
        return allocation_fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
        return allocation_fails() ? NULL : __real_realloc(old, size);
}

void *__wrap_reallocarray(void *old, size_t n, size_t size)
{
        return allocation_fails() ? NULL : __real_reallocarray(old, n, size);
}

char *__wrap_strdup(const char *s)
{
        return allocation_fails() ? NULL : __real_strdup(s);
}
