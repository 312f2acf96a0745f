/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The named errors of the API: org.tring.Calls1.Error.<CallError>, each with a sentence for
 * people that names the wrong value.
 */

#include <systemd/sd-bus.h>

#include "model/status.h"

/* The rule that uid_is_valid() checks. */
#define UID_RULE "is not 1 to 64 of A-Z a-z 0-9 . _ @ + -"

/* The name on the bus. Returns the buffer. */
#define ERROR_NAME_SIZE 64 /* bytes; prefix and longest name have 46 */
const char *error_name(char buffer[static ERROR_NAME_SIZE], CallError name);

/* Sets *error; returns a negative errno, as a handler of sd-bus returns it. */
int error_set(sd_bus_error *error, CallError name, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* InvalidArgument: "<what> '<value>' <why>", the value made printable and cut. */
int error_invalid(sd_bus_error *error, const char *what, const char *value, const char *why);

/* Replies to a message that was held. */
int error_reply(sd_bus_message *message, CallError name, const char *text);
