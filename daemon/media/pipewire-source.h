/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Where a worker's connections to PipeWire come from: tringd hands over sockets that are connected,
 * the first at the start and others when they are asked for (wire/worker.h). Main loop only.
 */

#include <stdbool.h>

typedef struct PipeWireSource {
        bool handed;         /* tringd hands them over; else the worker opens the socket itself */
        int fd;              /* the next one, owned; -1: none */
        bool asked, missing; /* for another one; the last answer was that there is no PipeWire */
        /* Asks tringd for one. Returns whether there is a tringd. */
        bool (*ask)(void *userdata);
        void *userdata;
} PipeWireSource;

/* Takes the descriptors that tringd has named at the start ($LISTEN_FDNAMES). */
void pipewire_source_init(PipeWireSource *source, bool (*ask)(void *userdata), void *userdata);
void pipewire_source_done(PipeWireSource *source);

/*
 * Returns the next connection, which the caller then owns; -ENOTSUP: the worker is to open the
 * socket itself; -EAGAIN: it was asked for, and pipewire_source_give() follows; -EHOSTDOWN: the
 * same, and the last answer was that there is none.
 */
int pipewire_source_take(PipeWireSource *source);
/* tringd's answer; -1: there is no PipeWire. Takes over `fd`. */
void pipewire_source_give(PipeWireSource *source, int fd);
/* That tringd is gone, which was asked. */
void pipewire_source_forget(PipeWireSource *source);
