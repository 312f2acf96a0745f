/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The D-Bus objects: their vtables, and the handlers that have files of their own. Each handler
 * reads its arguments, calls the phone, and replies. The userdata of a handler of the Manager or of
 * Devices is the Daemon; that of a handler of a Call or a Session is its CallObject.
 *
 * dbus/ documents what each member does and returns, and the vtables are generated from it
 * (dbus/interfaces.h): get_session_id() reads SessionId, set_when_busy() writes WhenBusy, and
 * method_accept() handles Accept.
 */

#define HASH_NONFATAL_OOM 1
#include <systemd/sd-bus.h>
#include <uthash.h>

#include "dbus/interfaces.h"
#include "tringd/daemon.h"

extern const sd_bus_vtable manager_vtable[];
extern const sd_bus_vtable devices_vtable[];
extern const sd_bus_vtable call_vtable[];
extern const sd_bus_vtable session_vtable[];

/* A call on the bus. Owned by Changes, from the call's first appearance until it is removed. */
typedef struct CallObject {
        Daemon *daemon;
        const PhoneCallInfo *call; /* set by each lookup, valid until daemon_pump() */
        char session_id[UUID_LENGTH + 1];
        bool has_session;                       /* the Session interface has been announced */
        uint32_t call_changes, session_changes; /* bits of PhoneProperty, not announced yet */
        UT_hash_handle hh;
} CallObject;

/* Defines get_<name>(). The expressions `append` and `value` may use `object` and `reply`. */
#define DEFINE_GETTER(name, Object, append)                                            \
        static int get_##name(sd_bus *bus, const char *path, const char *interface,    \
                              const char *property, sd_bus_message *reply, void *data, \
                              sd_bus_error *error)                                     \
        {                                                                              \
                Object *object __attribute__((unused)) = data;                         \
                                                                                       \
                return append;                                                         \
        }
#define DEFINE_VALUE_GETTER(name, Object, value) \
        DEFINE_GETTER(name, Object, sd_bus_message_append(reply, SIGNATURE_##name, value))

/* Returns a command about the object's call. */
PhoneCommand bus_object_command(const CallObject *object, PhoneCommandType type);
/* Handles a method without arguments by giving the phone such a command. */
int bus_object_method(sd_bus_message *message, const CallObject *object, PhoneCommandType type);

/* login.c */
int method_login(sd_bus_message *message, void *userdata, sd_bus_error *error);
int method_login_by_descriptor(sd_bus_message *message, void *userdata, sd_bus_error *error);
int method_logout(sd_bus_message *message, void *userdata, sd_bus_error *error);

/* manager-calls.c */
int method_initiate_call(sd_bus_message *message, void *userdata, sd_bus_error *error);
int method_accept_call(sd_bus_message *message, void *userdata, sd_bus_error *error);
int method_reject_call(sd_bus_message *message, void *userdata, sd_bus_error *error);
int method_end_call(sd_bus_message *message, void *userdata, sd_bus_error *error);
int reject_status_read(sd_bus_message *message, CallStatus *ret, sd_bus_error *error);

/* user-bus.c */
int append_blocked(sd_bus_message *reply, const Phone *phone);
int append_groups(sd_bus_message *reply, const Phone *phone);
int method_block_user(sd_bus_message *message, void *userdata, sd_bus_error *error);
int method_set_who_may_ring(sd_bus_message *message, void *userdata, sd_bus_error *error);
int method_unblock_user(sd_bus_message *message, void *userdata, sd_bus_error *error);

/* listeners-bus.c */
int method_add_call_listener(sd_bus_message *message, void *userdata, sd_bus_error *error);
int method_remove_call_listener(sd_bus_message *message, void *userdata, sd_bus_error *error);

/* logs-bus.c */
int method_get_call_logs(sd_bus_message *message, void *userdata, sd_bus_error *error);
int method_delete_call_logs(sd_bus_message *message, void *userdata, sd_bus_error *error);
int method_mark_missed_seen(sd_bus_message *message, void *userdata, sd_bus_error *error);
