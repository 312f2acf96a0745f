/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Method calls that wait for the phone: each is held under a ticket, and gets one reply. */

#include <systemd/sd-bus.h>

#include "phone/phone.h"

typedef struct PendingMethods PendingMethods;

typedef enum MethodReply { /* what the method returns on success */
        METHOD_REPLY_EMPTY,
        METHOD_REPLY_CALL,        /* o */
        METHOD_REPLY_CALL_AND_ID, /* os */
        METHOD_REPLY_TIED_CALL, /* os; the call, or its ring, ends with the program's connection */
        METHOD_REPLY_TOKEN,     /* s, sensitive */
} MethodReply;

int pending_methods_new(PendingMethods **ret);
/* Waiting methods get no reply. */
PendingMethods *pending_methods_free(PendingMethods *pending_methods);
DEFINE_CLEANUP(PendingMethods *, pending_methods_free);

/* Keeps a reference to the message. */
int pending_methods_hold(PendingMethods *pending_methods, sd_bus_message *message,
                         MethodReply reply, uint64_t *ret_ticket);

/* Returns a ticket for a command without a method call. */
uint64_t pending_methods_ticket(PendingMethods *pending_methods);

/* The bus connection that this ticket's call is tied to, or NULL. */
const char *pending_methods_tied_client(PendingMethods *pending_methods, uint64_t ticket);

/* PHONE_DONE: replies to the method call of that ticket, if there is one. */
void pending_methods_answer(PendingMethods *pending_methods, const PhoneAction *done);

/* The command failed before the phone took it: drops the ticket without a reply. */
void pending_methods_drop(PendingMethods *pending_methods, uint64_t ticket);
