/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What `serve` is to do: the settings file, overridden by the command line, and checked. */

#include "hub/config.h"
#include "hub/serve.h"

typedef struct ServeSettings {
        Config config;
        char host[sizeof(((Config *)0)->listen)];
        uint16_t port;
} ServeSettings;

/*
 * Returns 0, or negative errno with a sentence in *ret_text (the caller frees it): -EINVAL for a
 * wrong value, which waits for a person.
 */
int serve_settings_read(const ServeOptions *options, ServeSettings *ret, char **ret_text);

static inline bool serve_settings_have_tls(const ServeSettings *settings)
{
        return settings->config.certificate[0];
}
