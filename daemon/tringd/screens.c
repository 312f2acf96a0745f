/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/screens.h"

#include <errno.h>
#include <utlist.h>

#include "tringd/errors.h"
#include "tringd/screen-cast.h"

typedef struct Share {
        struct Share *prev, *next;
        Screens *screens;
        char session_id[UUID_LENGTH + 1];
        ScreenCast *cast;
        sd_bus_message *message; /* waits for the screen; NULL: answered */
} Share;

struct Screens {
        sd_bus *bus;      /* not owned */
        Workers *workers; /* not owned */
        Share *shares;
};

static Share *find_share(Screens *screens, const char *session_id)
{
        Share *share;

        DL_FOREACH (screens->shares, share)
                if (str_eq(share->session_id, session_id))
                        return share;
        return NULL;
}

static void share_free(Share *share)
{
        DL_DELETE(share->screens->shares, share);
        screen_cast_free(share->cast);
        sd_bus_message_unref(share->message);
        free(share);
}

static void share_fail(Share *share, CallError error, const char *text)
{
        if (share->message)
                (void)error_reply(share->message, error, text);
        share_free(share);
}

/* ---- from the desktop ---- */

static void on_ready(void *userdata, int remote, uint32_t node)
{
        Share *share = userdata;
        const WorkerMessage message = {.type = WORKER_SCREEN_START, .node = node};
        int r = workers_send_with(share->screens->workers, share->session_id, &message, remote);

        if (r < 0)
                share_fail(share, CALL_ERROR_MEDIA_FAILED,
                           "the media of this call cannot be reached");
}

static void on_failed(void *userdata, CallError error, const char *text)
{
        share_fail(userdata, error, text);
}

static void on_closed(void *userdata)
{
        Share *share = userdata;

        workers_send(share->screens->workers, share->session_id,
                     &(WorkerMessage){.type = WORKER_SCREEN_STOP});
        share_fail(share, CALL_ERROR_MEDIA_FAILED, "the desktop ended the sharing of the screen");
}

static const ScreenCastEvents cast_events = {
        .ready = on_ready,
        .failed = on_failed,
        .closed = on_closed,
};

/* ---- from programs and the worker ---- */

int screens_start(Screens *screens, const char *session_id, const char *parent_window,
                  sd_bus_message *message)
{
        Share *share;
        int r;

        if (find_share(screens, session_id))
                return -EBUSY;
        share = calloc(1, sizeof(*share));
        if (!share)
                return -ENOMEM;
        share->screens = screens;
        STR_SET(share->session_id, session_id);
        DL_APPEND(screens->shares, share);
        r = screen_cast_new(screens->bus, parent_window, &cast_events, share, &share->cast);
        if (r < 0) {
                share_free(share);
                return r;
        }
        share->message = sd_bus_message_ref(message);
        return 0;
}

void screens_stop(Screens *screens, const char *session_id)
{
        Share *share = find_share(screens, session_id);

        workers_send(screens->workers, session_id, &(WorkerMessage){.type = WORKER_SCREEN_STOP});
        if (share)
                share_fail(share, CALL_ERROR_MEDIA_FAILED, "the sharing of the screen was stopped");
}

void screens_reported(Screens *screens, const char *session_id, bool on)
{
        Share *share = find_share(screens, session_id);

        if (!share)
                return;
        if (!on) {
                share_fail(share, CALL_ERROR_MEDIA_FAILED, "the screen cannot be read");
                return;
        }
        if (share->message)
                (void)sd_bus_reply_method_return(share->message, NULL);
        share->message = sd_bus_message_unref(share->message);
}

void screens_end(Screens *screens, const char *session_id)
{
        Share *share = find_share(screens, session_id);

        if (share)
                share_fail(share, CALL_ERROR_MEDIA_FAILED, "the media of this call has ended");
}

int screens_new(sd_bus *bus, Workers *workers, Screens **ret)
{
        Screens *screens = calloc(1, sizeof(*screens));

        if (!screens)
                return -ENOMEM;
        screens->bus = bus;
        screens->workers = workers;
        *ret = screens;
        return 0;
}

Screens *screens_free(Screens *screens)
{
        Share *share, *next;

        if (!screens)
                return NULL;
        DL_FOREACH_SAFE (screens->shares, share, next)
                share_free(share);
        free(screens);
        return NULL;
}
