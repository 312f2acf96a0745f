/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Shared by all fuzz targets. A target is one file with LLVMFuzzerTestOneInput(); linked with
 * libFuzzer it searches, linked with replay.c it plays the files of its corpus in the normal tests.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reports a law that does not hold, and ends the program so that the fuzzer stores the input. */
#define fuzz_must(condition)                                                                    \
        do {                                                                                    \
                if (!(condition)) {                                                             \
                        fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition); \
                        abort();                                                                \
                }                                                                               \
        } while (0)

/* Reads input from the front, byte by byte; zeros after its end. */
typedef struct FuzzInput {
        const uint8_t *data;
        size_t left;
} FuzzInput;

static inline unsigned fuzz_byte(FuzzInput *input)
{
        if (input->left == 0)
                return 0;
        input->left--;
        return *input->data++;
}

/* A number below `n`, which is at most 256. */
static inline unsigned fuzz_below(FuzzInput *input, unsigned n)
{
        return fuzz_byte(input) % n;
}

/* A string of at most `max` bytes, after a length byte; the caller frees. NULL: out of memory. */
char *fuzz_string(FuzzInput *input, size_t max);

/* The rest as a string; the caller frees. NULL: out of memory. */
char *fuzz_rest(FuzzInput *input);
