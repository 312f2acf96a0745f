/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Where a worker's connections to PipeWire come from: tringd hands over sockets that are connected,
 * the first at the start and others when they are asked for (wire/worker.h). Likewise their threads
 * get real time. Main loop only.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define PIPEWIRE_THREADS_MAX 4 /* a worker has two connections, with one data thread each */

typedef struct PipeWireSource {
        bool handed;         /* tringd hands them over; else the worker opens the socket itself */
        int fd;              /* the next one, owned; -1: none */
        bool asked, missing; /* for another one; the last answer was that there is no PipeWire */
        /* Asks tringd for one. Returns whether there is a tringd. */
        bool (*ask)(void *userdata);
        /* Told that there are threads that want real time (see `threads`). */
        void (*threads_changed)(void *userdata);
        void *userdata;
        pid_t threads[PIPEWIRE_THREADS_MAX];
        size_t n_threads;
} PipeWireSource;

/* Takes the descriptors that tringd has named at the start ($LISTEN_FDNAMES). */
void pipewire_source_init(PipeWireSource *source, bool (*ask)(void *userdata),
                          void (*threads_changed)(void *userdata), void *userdata);
void pipewire_source_done(PipeWireSource *source);

/*
 * Returns the next connection, which the caller then owns; -ENOTSUP: the worker is to open the
 * socket itself; -EAGAIN: it was asked for, and pipewire_source_give() follows; -EHOSTDOWN: the
 * same, and the last answer was that there is none.
 */
int pipewire_source_take(PipeWireSource *source);
/* tringd's answer; -1: there is no PipeWire. Takes over `fd`. */
void pipewire_source_give(PipeWireSource *source, int fd);
/* tringd is gone: the question will not be answered. */
void pipewire_source_forget(PipeWireSource *source);

/*
 * A thread of this process that should run in real time, and has no right to it. tringd may
 * ask for that; one that hands over nothing does not know how to.
 */
void pipewire_source_add_thread(PipeWireSource *source, pid_t thread);
void pipewire_source_remove_thread(PipeWireSource *source, pid_t thread);
