/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/output.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int output_finish(const char *program, int code)
{
        bool failed_before = ferror(stdout);
        int error = fflush(stdout) == 0 ? 0 : errno;

        if (!failed_before && error == 0)
                return code;
        fprintf(stderr, "%s: cannot write to standard output%s%s\n", program, error ? ": " : "",
                error ? strerror(error) : "");
        return code == EXIT_SUCCESS ? EXIT_FAILURE : code;
}
