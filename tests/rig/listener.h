/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A program that implements org.tring.Calls1.Listener on its own connection, well or badly. */

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
        size_t taken; /* taken by listener_wait() */
} Listener;

/* Adds a listener that presents with this priority; `id` must not be NULL. */
Listener *listener_new(Desktop *desktop, const char *id, int priority, ListenerManner manner);
Listener *listener_free(Listener *listener); /* closes its connection */
DEFINE_CLEANUP(Listener *, listener_free);

/* Waits for the next event of this name and returns a copy; skips others. */
ListenerEvent listener_wait(Listener *listener, const char *name);
unsigned listener_count(const Listener *listener, const char *name);
