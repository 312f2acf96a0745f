/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include <string.h>

#include "base/cleanup.h"

/* Not strndup(): sanitizers check the byte after the last one as well. */
static char *take(FuzzInput *input, size_t length)
{
        char *s = malloc(length + 1);

        if (!s)
                return NULL;
        memcpy(s, input->data, length);
        s[length] = '\0';
        input->data += length;
        input->left -= length;
        return s;
}

char *fuzz_string(FuzzInput *input, size_t max)
{
        size_t length = MIN_OF((size_t)fuzz_byte(input), max);

        return take(input, MIN_OF(length, input->left));
}

char *fuzz_rest(FuzzInput *input)
{
        return take(input, input->left);
}
