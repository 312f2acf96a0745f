/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * D-Bus for the verbs: method calls that wait for their reply, errors printed on standard error in
 * the daemon's own words and turned into exit codes, and values turned into JSON trees, from which
 * both the text and the JSON output are made.
 */

#include <cjson/cJSON.h>
#include <systemd/sd-bus.h>

#include "base/cleanup.h"
#include "dbus/interfaces.h"
#include "tringctl.h"

#define PROPERTIES "org.freedesktop.DBus.Properties"

DEFINE_CLEANUP(cJSON *, cJSON_Delete);

#define _cleanup_json_ _cleanup_(cJSON_Deletep)
#define _cleanup_message_ _cleanup_(sd_bus_message_unrefp)

/* Prints "tringctl: <sentence>" on standard error; returns `code`. */
int fail(ExitCode code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Prints "cannot <action>: <error>" for a negative errno; returns EXIT_FAILED. */
int fail_errno(int r, const char *action);

/* Connects to the session bus. Prints errors; returns an exit code. */
int bus_open(sd_bus **ret);

/* Prepares a method call, for the caller to append arguments. Returns 0 or negative errno. */
int bus_method(sd_bus *bus, const char *path, const char *interface, const char *member,
               sd_bus_message **ret);
/*
 * Sends a method call and waits for the reply. Prints errors; returns an exit code. `ret` may be
 * NULL.
 */
int bus_send(sd_bus *bus, sd_bus_message *message, sd_bus_message **ret);
/* bus_method() and bus_send() in one; `types` and arguments as for sd_bus_message_append(). */
int bus_call(sd_bus *bus, const char *path, const char *interface, const char *member,
             sd_bus_message **ret, const char *types, ...);
/* Whether the running tringd has that feature. Prints errors too. */
int bus_has_feature(sd_bus *bus, const char *feature, bool *ret);
/* Reads all properties of an interface, as members in snake case. Prints errors too. */
int bus_properties(sd_bus *bus, const char *path, const char *interface, cJSON **ret);
/* Prints an error that a method returned; returns the exit code for it. */
int bus_fail(const sd_bus_error *error);

/* Calls the handler with each NameOwnerChanged of the daemon. Returns negative errno on failure. */
int bus_watch_daemon(sd_bus *bus, sd_bus_message_handler_t handler, void *userdata);

/* Reads the next complete value of a message as JSON. Dictionaries become objects. */
int json_from_message(sd_bus_message *message, cJSON **ret);
/* Copies a{sv} properties into an object, "SessionId" as "session_id"; old values are replaced. */
int json_merge_properties(cJSON *object, const cJSON *properties);

/* Members of an object; "" or 0 if it has no such member, or one of another type. */
const char *json_string(const cJSON *object, const char *name);
double json_number(const cJSON *object, const char *name);
bool json_true(const cJSON *object, const char *name);
