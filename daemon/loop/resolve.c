/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "loop/resolve.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "base/str.h"
#include "loop/connect-failure.h"

#define STACK_SIZE (256 * 1024) /* bytes; name service modules need about 100 KiB */

/* Shared by loop and thread; the last of the two to release it frees it. */
typedef struct Question {
        atomic_int owners;
        int fd;    /* an eventfd, written when the answer is complete */
        int error; /* of getaddrinfo() */
        Addresses addresses;
        char host[];
} Question;

struct Resolve {
        Question *question;
        sd_event_source *source;
        ResolveDone done;
        void *userdata;
};

static void question_release(Question *question)
{
        if (atomic_fetch_sub(&question->owners, 1) > 1)
                return;
        close(question->fd);
        free(question);
}

static void *thread_main(void *userdata)
{
        Question *question = userdata;
        const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
        Addresses *addresses = &question->addresses;
        struct addrinfo *found = NULL;

        question->error = getaddrinfo(question->host, NULL, &hints, &found);
        for (struct addrinfo *a = found; a && addresses->n < RESOLVE_ADDRESSES_MAX; a = a->ai_next)
                if (getnameinfo(a->ai_addr, a->ai_addrlen, addresses->text[addresses->n],
                                sizeof(addresses->text[0]), NULL, 0, NI_NUMERICHOST) == 0)
                        addresses->n++;
        if (found)
                freeaddrinfo(found);
        (void)eventfd_write(question->fd, 1);
        question_release(question);
        return NULL;
}

static int answer_ready(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        Resolve *resolve = userdata;
        const Question *question = resolve->question;
        eventfd_t ignored;

        (void)eventfd_read(fd, &ignored);
        (void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
        /* `done` may free the Resolve, and the question with it: use neither afterwards. */
        if (question->error != 0)
                resolve->done(resolve->userdata, NULL,
                              connect_failure_lookup_text(question->error));
        else if (question->addresses.n == 0)
                resolve->done(resolve->userdata, NULL, "the name has no address");
        else
                resolve->done(resolve->userdata, &question->addresses, NULL);
        return 0;
}

/* Starts the thread with all signals blocked: the loop handles them. */
static int thread_start(Question *question)
{
        pthread_attr_t attributes;
        pthread_t thread;
        sigset_t all, before;
        int r = pthread_attr_init(&attributes);

        if (r != 0)
                return -r;
        (void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
        (void)pthread_attr_setstacksize(&attributes, STACK_SIZE);
        sigfillset(&all);
        (void)pthread_sigmask(SIG_SETMASK, &all, &before);
        atomic_fetch_add(&question->owners, 1);
        r = pthread_create(&thread, &attributes, thread_main, question);
        if (r != 0)
                atomic_fetch_sub(&question->owners, 1);
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
        (void)pthread_attr_destroy(&attributes);
        return -r;
}

int resolve_new(sd_event *event, const char *host, ResolveDone done, void *userdata, Resolve **ret)
{
        _cleanup_(resolve_freep) Resolve *resolve = calloc(1, sizeof(*resolve));
        Question *question = calloc(1, sizeof(*question) + strlen(host) + 1);

        if (!resolve || !question) {
                free(question);
                return -ENOMEM;
        }
        question->owners = 1;
        memcpy(question->host, host, strlen(host) + 1);
        question->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        resolve->question = question;
        resolve->done = done;
        resolve->userdata = userdata;
        if (question->fd < 0)
                return -errno;

        int r = sd_event_add_io(event, &resolve->source, question->fd, EPOLLIN, answer_ready,
                                resolve);
        if (r >= 0)
                r = thread_start(question);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(resolve);
        return 0;
}

Resolve *resolve_free(Resolve *resolve)
{
        if (!resolve)
                return NULL;
        sd_event_source_disable_unref(resolve->source);
        if (resolve->question)
                question_release(resolve->question);
        free(resolve);
        return NULL;
}
