/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "error-output.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "suite.h"

static char output[64 * 1024];
static int ends[2], before;

void error_output_begin(void)
{
        before = dup(STDERR_FILENO);
        ck_assert_int_eq(pipe(ends), 0);
        (void)dup2(ends[1], STDERR_FILENO);
}

void error_output_be_journal(void)
{
        char stream[64];
        struct stat st;

        ck_assert_int_eq(fstat(STDERR_FILENO, &st), 0);
        snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
        (void)setenv("JOURNAL_STREAM", stream, 1);
}

const char *error_output_end(void)
{
        (void)dup2(before, STDERR_FILENO);
        (void)close(ends[1]);
        (void)close(before);
        ssize_t n = read(ends[0], output, sizeof(output) - 1);
        output[n > 0 ? n : 0] = '\0';
        (void)close(ends[0]);
        return output;
}

unsigned error_output_count(const char *text)
{
        unsigned n = 0;

        for (const char *at = output; (at = strstr(at, text)); at += strlen(text))
                n++;
        return n;
}
