/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The D-Bus objects: vtables, and the handlers that stand in files of their own. Each handler reads
 * its arguments, asks the phone, and answers. The userdata of all of them is the Daemon.
 *
 * What they do, and what they answer, is documented in dbus/, member by member.
 */

#include <systemd/sd-bus.h>

#include "tringd/daemon.h"

/* Flags in vtables. */
#define CONST SD_BUS_VTABLE_PROPERTY_CONST
#define CHANGES SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE
#define ANYBODY SD_BUS_VTABLE_UNPRIVILEGED /* whoever can talk to the session bus is the user */

extern const sd_bus_vtable manager_vtable[];
extern const sd_bus_vtable devices_vtable[];
extern const sd_bus_vtable call_vtable[];
extern const sd_bus_vtable session_vtable[];

/* The call of an object's path; NULL only if it has just gone. */
const PhoneCallInfo *bus_object_call(Daemon *daemon, const char *path);

/* Starts a command about the call that the message's object is. */
int bus_object_command(sd_bus_message *message, PhoneCommandType type, PhoneCommand *ret);

/* login.c */
int method_login(sd_bus_message *message, void *userdata, sd_bus_error *error);
int method_logout(sd_bus_message *message, void *userdata, sd_bus_error *error);

/* calls-bus.c */
int method_initiate_call(sd_bus_message *message, void *userdata, sd_bus_error *error);
int method_accept_call(sd_bus_message *message, void *userdata, sd_bus_error *error);
int method_reject_call(sd_bus_message *message, void *userdata, sd_bus_error *error);
int method_end_call(sd_bus_message *message, void *userdata, sd_bus_error *error);
int reject_status_read(const char *word, CallStatus *ret, sd_bus_error *error);

/* user-bus.c */
int get_blocked(sd_bus *bus, const char *path, const char *interface, const char *property,
                sd_bus_message *reply, void *userdata, sd_bus_error *error);
int get_groups(sd_bus *bus, const char *path, const char *interface, const char *property,
               sd_bus_message *reply, void *userdata, sd_bus_error *error);
int method_block_user(sd_bus_message *message, void *userdata, sd_bus_error *error);
int method_unblock_user(sd_bus_message *message, void *userdata, sd_bus_error *error);

/* listeners-bus.c */
int method_add_call_listener(sd_bus_message *message, void *userdata, sd_bus_error *error);
int method_remove_call_listener(sd_bus_message *message, void *userdata, sd_bus_error *error);

/* logs-bus.c */
int method_get_call_logs(sd_bus_message *message, void *userdata, sd_bus_error *error);
int method_delete_call_logs(sd_bus_message *message, void *userdata, sd_bus_error *error);
int method_mark_missed_seen(sd_bus_message *message, void *userdata, sd_bus_error *error);
