/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Requests that may take long. In each turn of the loop the hub first serves what has come in; only
 * then it takes steps of these, for about WORK_TURN_US, so that nobody's ring waits for longer.
 */

#include <errno.h>

#include "base/log.h"
#include "hub/internal.h"

#define WORK_TURN_US USEC_PER_MSEC

static HubJob *job_free(Hub *hub, HubJob *job)
{
        if (job->lane) {
                lane_free(hub, job->lane);
                return NULL;
        }
        if (job->login) {
                login_free(hub, job->login);
                return NULL;
        }

        DeviceSession *session = device_session_find(hub, job->session);

        if (session)
                session->n_jobs--;
        if (job->fair.line)
                fair_queue_remove(&hub->work, &job->fair);
        history_task_done(&job->task);
        free(job);
        return NULL;
}

static HubJob *job_of(FairJob *fair)
{
        return CONTAINER_OF(fair, HubJob, fair);
}

/* Nothing but ends the wait: on_turn_end() works. */
static void on_idle(uv_idle_t *idle)
{
}

void hub_work_begin(Hub *hub)
{
        uv_idle_start(&hub->working, on_idle);
}

int hub_work_add(Hub *hub, DeviceSession *session, uint64_t id, HistoryTask *task)
{
        HubJob *job = calloc(1, sizeof(*job));

        if (!job)
                return -ENOMEM;
        size_t size = sizeof(*job) + task->sessions.count * sizeof(*task->sessions.session_ids);
        int r = fair_queue_add(&hub->work, session->user->uid, &job->fair, size);
        if (r < 0) {
                free(job);
                return r;
        }
        job->session = session->number;
        job->id = id;
        job->task = *task;
        *task = (HistoryTask){0};
        session->n_jobs++;
        hub_work_begin(hub);
        return 0;
}

/* Returns false when it is done. */
static bool job_step(Hub *hub, HubJob *job)
{
        if (job->login)
                return hub_login_step(hub, job->login);
        return job->lane ? hub_lane_step(hub, job->lane) : hub_history_step(hub, job);
}

void hub_work_turn(Hub *hub)
{
        usec_t begin = clock_boottime();
        FairJob *fair;

        while ((fair = fair_queue_next(&hub->work))) {
                if (!job_step(hub, job_of(fair)))
                        job_free(hub, job_of(fair));
                if (clock_boottime() - begin >= WORK_TURN_US)
                        break;
        }
        if (hub->work.n_jobs == 0)
                uv_idle_stop(&hub->working);
}

void hub_work_leave(Hub *hub, DeviceSession *session)
{
        FairJob *fair = session->user ? fair_queue_first(&hub->work, session->user->uid) : NULL;

        for (; fair; fair = fair->next) {
                if (job_of(fair)->session == session->number)
                        job_of(fair)->session = 0;
        }
        session->n_jobs = 0;
}

void hub_work_drop(Hub *hub, const char *uid)
{
        FairJob *fair = fair_queue_first(&hub->work, uid), *next;

        for (; fair; fair = next) {
                next = fair->next;
                if (job_of(fair)->login)
                        hub_login_revoke(job_of(fair)->login);
                if (!job_of(fair)->lane)
                        job_free(hub, job_of(fair));
        }
}

void hub_work_done(Hub *hub)
{
        FairJob *fair;

        while ((fair = fair_queue_next(&hub->work)))
                job_free(hub, job_of(fair));
}
