/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * D-Bus as the verbs need it: calls that wait for their answer, failures said on standard error in
 * the daemon's own sentence and turned into an exit code, values turned into JSON trees from which
 * both kinds of output are made.
 */

#include <cjson/cJSON.h>
#include <systemd/sd-bus.h>

#include "base/cleanup.h"
#include "tringctl.h"

#define TRING_NAME "org.tring.Calls1"
#define TRING_PATH "/org/tring/Calls1"
#define TRING_CALLS_PATH TRING_PATH "/call"
#define TRING_MANAGER TRING_NAME ".Manager"
#define TRING_CALL TRING_NAME ".Call"
#define TRING_SESSION TRING_NAME ".Session"
#define TRING_DEVICES TRING_NAME ".Devices"
#define TRING_ERROR TRING_NAME ".Error."

DEFINE_CLEANUP(cJSON *, cJSON_Delete);

#define _cleanup_json_ _cleanup_(cJSON_Deletep)
#define _cleanup_message_ _cleanup_(sd_bus_message_unrefp)

/* "tringctl: <sentence>" on standard error; returns `code`. */
int fail(ExitCode code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* For a negative errno of our own making: no memory, a message that makes no sense. */
int fail_errno(int r, const char *doing);

int bus_open(sd_bus **ret);

/* A method of the daemon; arguments are appended to *ret. Returns 0 or negative errno. */
int bus_method(sd_bus *bus, const char *path, const char *interface, const char *member,
               sd_bus_message **ret);
/* Sends it and waits. Returns an exit code, after saying what went wrong. `ret` may be NULL. */
int bus_send(sd_bus *bus, sd_bus_message *message, sd_bus_message **ret);
/* Both for arguments that fit one line, as of sd_bus_message_append(). */
int bus_call(sd_bus *bus, const char *path, const char *interface, const char *member,
             sd_bus_message **ret, const char *types, ...);
/* An answer that is an error: says it, and returns the exit code for it. */
int bus_fail(const sd_bus_error *error);

/* The next complete value of a message as JSON. Dictionaries become objects. */
int json_from_message(sd_bus_message *message, cJSON **ret);
/* Adds a{sv} properties to an object, "SessionId" as "session_id"; what was there is replaced. */
int json_merge_properties(cJSON *object, const cJSON *properties);

/* Members of an object; "" and 0 where there is none of that type. */
const char *json_string(const cJSON *object, const char *name);
double json_number(const cJSON *object, const char *name);
bool json_true(const cJSON *object, const char *name);
