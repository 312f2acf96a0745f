/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/* What the command line says; NULL: it does not. */
typedef struct ServeOptions {
        const char *state;
        const char *listen, *config, *certificate, *key;
        const char *web; /* folder of the page; empty: the installed one */
        bool insecure;
} ServeOptions;

/*
 * Serves until SIGTERM or SIGINT. Returns 0, or negative errno with a sentence in *ret_text that
 * says why it could not begin; -EINVAL for a value that was given to it.
 */
int serve(const ServeOptions *options, char **ret_text);
