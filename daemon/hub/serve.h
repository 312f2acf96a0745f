/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/* Values of the command line; NULL: not given. */
typedef struct ServeOptions {
        const char *state;
        bool system;
        const char *const *words; /* the whole command line, for a sentence; ends with NULL */
        const char *listen, *socket, *config, *certificate, *key;
        const char *web; /* folder of the page; empty: the installed one */
        bool insecure;
} ServeOptions;

/*
 * Serves until SIGTERM or SIGINT; reads its settings again on SIGHUP. `options` has to stay.
 * Returns 0, or negative errno with a sentence in *ret_text that says why it could not start;
 * -EINVAL for a wrong value in the options or in the settings file.
 */
int serve(const ServeOptions *options, char **ret_text);
