/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * D-Bus messages as text that a test can compare: strings as they are, numbers in decimal, booleans
 * true/false, arrays [a, b], dictionaries {key: value, key: value}.
 */

#include <systemd/sd-bus.h>

/* The next complete value of the message; the caller frees. A variant is printed as its value. */
char *text_of_value(sd_bus_message *message);

/*
 * The value of `key` in the a{sv} that is argument `argument` (from 0) of the message, or NULL if
 * the key is missing; the caller frees. Reads from the start, so it may be called again.
 */
char *text_of_key(sd_bus_message *message, unsigned argument, const char *key);
/* Argument number `argument`; the caller frees. */
char *text_of_argument(sd_bus_message *message, unsigned argument);
