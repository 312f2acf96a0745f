/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/pipewire-source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "media/control.h"
#include "wire/worker.h"

void pipewire_source_init(PipeWireSource *source, bool (*ask)(void *userdata),
                          void (*threads_changed)(void *userdata), void *userdata)
{
        const char *names = getenv("LISTEN_FDNAMES");

        *source = (PipeWireSource){
                .fd = -1, .ask = ask, .threads_changed = threads_changed, .userdata = userdata};
        source->handed = control_has_help();
        if (str_eq(names, WORKER_FD_NAMES_PIPEWIRE) &&
            fcntl(WORKER_PIPEWIRE_FD, F_SETFD, FD_CLOEXEC) == 0)
                source->fd = WORKER_PIPEWIRE_FD;
}

void pipewire_source_done(PipeWireSource *source)
{
        closep(&source->fd);
        source->fd = -1;
}

int pipewire_source_take(PipeWireSource *source)
{
        if (!source->handed)
                return -ENOTSUP;
        if (source->fd >= 0)
                return TAKE_FD(source->fd);
        if (!source->asked)
                source->asked = source->ask(source->userdata);
        return source->asked && !source->missing ? -EAGAIN : -EHOSTDOWN;
}

void pipewire_source_give(PipeWireSource *source, int fd)
{
        closep(&source->fd);
        source->fd = fd;
        source->asked = false;
        source->missing = fd < 0;
}

void pipewire_source_forget(PipeWireSource *source)
{
        source->asked = false;
}

void pipewire_source_add_thread(PipeWireSource *source, pid_t thread)
{
        if (!source->handed || source->n_threads == PIPEWIRE_THREADS_MAX)
                return;
        source->threads[source->n_threads++] = thread;
        source->threads_changed(source->userdata);
}

void pipewire_source_remove_thread(PipeWireSource *source, pid_t thread)
{
        for (size_t i = 0; i < source->n_threads; i++) {
                if (source->threads[i] != thread)
                        continue;
                source->threads[i] = source->threads[--source->n_threads];
                return;
        }
}
