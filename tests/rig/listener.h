/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A program that implements org.tring.Calls1.Listener on a connection of its own, well or badly.
 */

#include "rig/desktop.h"

typedef enum ListenerManner {
        LISTENER_TAKES,   /* replies at once */
        LISTENER_HANGS,   /* never replies */
        LISTENER_REFUSES, /* replies with an error */
} ListenerManner;

typedef struct ListenerEvent {
        char name[64];
        char session_id[64];
        bool present;
        bool resumed;
        usec_t at; /* CLOCK_BOOTTIME */
} ListenerEvent;

typedef struct Listener {
        Desktop *desktop;
        sd_bus *bus;
        char id[64];
        ListenerManner manner;
        ListenerEvent *events;
        size_t n_events;
        size_t taken; /* by listener_wait() */
} Listener;

/* Presents with this priority; NULL `id` is an error of the test. */
Listener *listener_new(Desktop *desktop, const char *id, int priority, ListenerManner manner);
Listener *listener_free(Listener *listener); /* its connection goes */
DEFINE_CLEANUP(Listener *, listener_free);

/* The next event of this name; a copy. Others before it are passed over. */
ListenerEvent listener_wait(Listener *listener, const char *name);
unsigned listener_count(const Listener *listener, const char *name);
