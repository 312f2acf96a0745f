/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Method calls that wait for the phone's answer: each is held under a ticket, and answered once.
 */

#include <systemd/sd-bus.h>

#include "phone/phone.h"

typedef struct Requests Requests;

typedef enum RequestReply { /* what the method returns when it worked */
        REQUEST_REPLY_EMPTY,
        REQUEST_REPLY_CALL,        /* o */
        REQUEST_REPLY_CALL_AND_ID, /* os */
        REQUEST_REPLY_TIED_CALL,   /* os, of a call that goes when the caller's connection does */
        REQUEST_REPLY_TOKEN,       /* s, sensitive */
} RequestReply;

int requests_new(Requests **ret);
Requests *requests_free(Requests *requests); /* those that wait get no reply */
DEFINE_CLEANUP(Requests *, requests_free);

/* Keeps a reference to the message. */
int requests_hold(Requests *requests, sd_bus_message *message, RequestReply reply,
                  uint64_t *ret_ticket);

/* A ticket for a command that nobody waits for. */
uint64_t requests_ticket(Requests *requests);

/* The connection that the call is tied to which the ticket is about, or NULL. */
const char *requests_tied_owner(Requests *requests, uint64_t ticket);

/* PHONE_DONE: replies to whoever waits for the ticket, if anybody does. */
void requests_answer(Requests *requests, const PhoneAction *done);

/* The command could not be given: nothing is replied. */
void requests_drop(Requests *requests, uint64_t ticket);
