/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Reads an a{sv} of options or settings against a table of what is known. An unknown key, one that
 * is given twice, a wrong type and a text that is too long are refused with InvalidArgument, which
 * names the key.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

typedef enum OptionKind {
        OPTION_BOOL,   /* b into a bool */
        OPTION_NUMBER, /* i, u, x or t (up to INT64_MAX) into an int64_t */
        OPTION_TEXT,   /* s into char[size]: text without control characters */
        OPTION_PATH,   /* o into char[size] */
        OPTION_DICT,   /* a{sv}: `read` is called with the message at the dictionary */
} OptionKind;

typedef struct Option {
        const char *key;
        OptionKind kind;
        void *target;
        size_t size;
        int (*read)(sd_bus_message *message, void *target, sd_bus_error *error);
        bool given; /* set by options_read() */
} Option;

/*
 * `what` names the kind of thing in messages: "option", "setting", "filter key". Returns 0, or
 * negative errno with *error set; targets may then have been written.
 */
int options_read(sd_bus_message *message, const char *what, Option *options, size_t n,
                 sd_bus_error *error);
