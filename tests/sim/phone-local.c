/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <utlist.h>

#include "sim.h"

/*
 * The environment of a daemon: the tone, the media workers, listeners and the history file. Each
 * takes its time, and some never answer.
 */

#define TONE_LONGEST_US (200 * USEC_PER_MSEC)
#define LISTENER_LONGEST_US (1500 * USEC_PER_MSEC) /* more than the second that listeners have */
#define WORKER_LONGEST_US (800 * USEC_PER_MSEC)
/* More than a second is rare: then the worker is cut off, and lives. */
#define ANSWER_LONGEST_US (1100 * USEC_PER_MSEC)
#define HANGS_ONE_IN 24
#define STORE_LONGEST_US USEC_PER_SEC
#define DAEMON_RESTARTS_US (100 * USEC_PER_MSEC)
#define DIES_ONE_IN 6 /* soon after a join */

static uint64_t local_chance(Handset *handset)
{
        return chance(handset->world, 3000 + handset->index, ++handset->n_jobs,
                      handset->world->now);
}

Job *handset_job(Handset *handset, JobType type, usec_t longest)
{
        Job *job = calloc(1, sizeof(*job));

        if (!job)
                abort();
        job->type = type;
        job->at = handset->world->now + local_chance(handset) % longest;
        DL_APPEND(handset->jobs, job);
        return job;
}

static void jobs_drop(Handset *handset, JobType type)
{
        Job *job, *next;

        DL_FOREACH_SAFE (handset->jobs, job, next) {
                if (job->type != type)
                        continue;
                DL_DELETE(handset->jobs, job);
                free(job);
        }
}

/* ---- workers ---- */

Worker *handset_worker(const Handset *handset, const char *session_id)
{
        Worker *worker;

        DL_FOREACH (handset->workers, worker) {
                if (str_eq(worker->session_id, session_id))
                        return worker;
        }
        return NULL;
}

static void worker_start(Handset *handset, const char *session_id)
{
        Worker *worker = calloc(1, sizeof(*worker));

        if (!worker)
                abort();
        if (handset_worker(handset, session_id))
                law_broken(handset->world, LAW_ONE_MICROPHONE, "%s has two workers for one call",
                           handset_name(handset));
        STR_SET(worker->session_id, session_id);
        DL_APPEND(handset->workers, worker);
}

static void worker_stop(Handset *handset, const char *session_id)
{
        Worker *worker = handset_worker(handset, session_id);

        if (!worker)
                return;
        DL_DELETE(handset->workers, worker);
        free(worker);
}

static void worker_join(Handset *handset, const PhoneAction *action)
{
        static const SessionState states[] = {SESSION_CONNECTED, SESSION_CONNECTED,
                                              SESSION_CONNECTED, SESSION_RECONNECTING};
        Worker *worker = handset_worker(handset, action->session_id);
        Job *job;

        if (!worker) {
                law_broken(handset->world, LAW_ONE_MICROPHONE, "%s joins without a worker to do it",
                           handset_name(handset));
                return;
        }
        worker->open = true;
        worker->muted = worker->mute_ordered = action->join.muted;
        job = handset_job(handset, JOB_WORKER, WORKER_LONGEST_US);
        STR_SET(job->session_id, action->session_id);
        job->state = states[local_chance(handset) % ELEMENTSOF(states)];
        if (local_chance(handset) % DIES_ONE_IN == 0)
                handset_job(handset, JOB_DAEMON_DIES, WORKER_LONGEST_US);
        for (size_t i = 0; i < action->join.reply.n_others; i++) {
                job = handset_job(handset, JOB_SIGNAL, WORKER_LONGEST_US);
                STR_SET(job->session_id, action->session_id);
                STR_SET(job->peer, action->join.reply.others[i].id);
        }
}

/* An order to open is taken for done at once, one to close with the next answer. */
static void worker_mute(Handset *handset, const PhoneAction *action)
{
        Worker *worker = handset_worker(handset, action->session_id);

        if (!worker)
                return;
        worker->mute_ordered = action->on;
        if (!worker->hangs)
                worker->muted &= action->on;
}

static void worker_ask(Handset *handset, const PhoneAction *action)
{
        Worker *worker = handset_worker(handset, action->session_id);
        Job *job;

        if (!worker)
                return;
        worker->hangs |= local_chance(handset) % HANGS_ONE_IN == 0;
        job = handset_job(handset, JOB_ANSWER, ANSWER_LONGEST_US);
        STR_SET(job->session_id, action->session_id);
        job->serial = action->serial;
}

static int worker_answer(Handset *handset, const Now *instant, const Job *job)
{
        Worker *worker = handset_worker(handset, job->session_id);

        if (!worker || worker->hangs)
                return 0;
        worker->muted |= worker->mute_ordered;
        worker->is_cut = false;
        return phone_worker_answered(handset->phone, instant, job->session_id, job->serial);
}

static void worker_cut(Handset *handset, const PhoneAction *action)
{
        Worker *worker = handset_worker(handset, action->session_id);
        Job *job;

        if (!worker)
                return;
        worker->is_cut = true;
        job = handset_job(handset, JOB_WORKER_CUT, WORKER_LONGEST_US);
        STR_SET(job->session_id, action->session_id);
}

static void worker_kill(Handset *handset, const PhoneAction *action)
{
        Job *job = handset_job(handset, JOB_WORKER_DIES, WORKER_LONGEST_US);

        STR_SET(job->session_id, action->session_id);
}

static int worker_dies(Handset *handset, const Now *instant, const char *session_id)
{
        worker_stop(handset, session_id);
        return phone_worker_gone(handset->phone, instant, session_id, "it was killed");
}

void handset_worker_connects(Handset *handset, const char *session_id)
{
        Job *job = handset_job(handset, JOB_WORKER, WORKER_LONGEST_US);

        STR_SET(job->session_id, session_id);
        job->state = handset_worker(handset, session_id)->open ? SESSION_CONNECTED : SESSION_IDLE;
}

static void worker_meet(Handset *handset, const char *session_id, const char *peer)
{
        Job *job = handset_job(handset, JOB_PARTICIPANT, WORKER_LONGEST_US);

        STR_SET(job->session_id, session_id);
        STR_SET(job->peer, peer);
        job->on = true;
}

/* ---- programs, tone, store ---- */

static void listener_asked(Handset *handset, const PhoneAction *action)
{
        uint64_t dice = local_chance(handset);
        Job *job;

        if (dice % 8 == 0)
                return; /* the listener hangs */
        job = handset_job(handset, JOB_LISTENER,
                          (dice >> 8) % 4 ? LISTENER_LONGEST_US / 10 : LISTENER_LONGEST_US);
        job->serial = action->serial;
        STR_SET(job->session_id, action->session_id);
        job->on = (dice >> 16) % 4;
}

static void tone_asked(Handset *handset, PhoneTone tone)
{
        Job *job;

        jobs_drop(handset, JOB_TONE);
        if (tone == PHONE_TONE_NONE)
                return;
        job = handset_job(handset, JOB_TONE, TONE_LONGEST_US);
        job->tone = tone;
        job->on = local_chance(handset) % 5; /* else this device has no sound */
}

void handset_write_history(Handset *handset)
{
        for (size_t i = 0; i < handset->waiting.n; i++)
                shelf_put(&handset->history, "", &handset->waiting.filed[i].record);
        shelf_done(&handset->waiting);
        jobs_drop(handset, JOB_STORE);
}

static void history_put(Handset *handset, const CallRecord *record)
{
        if (handset->waiting.n == 0)
                handset_job(handset, JOB_STORE, STORE_LONGEST_US);
        shelf_put(&handset->waiting, "", record);
}

static void history_forget(Handset *handset, const MessageSessions *sessions)
{
        handset_write_history(handset);
        for (size_t i = handset->history.n; i-- > 0;) {
                const CallRecord *record = &handset->history.filed[i].record;

                if (message_sessions_have(sessions, record))
                        shelf_remove(&handset->history, "", record->session_id);
        }
}

/* As the daemon does: a command about all calls names those that are there. */
static void name_all(const Handset *handset, PhoneCommand *command)
{
        const Shelf *history = &handset->history;
        MessageSessions *sessions = &command->sessions;

        if (sessions->count > 0)
                return;
        sessions->session_ids = calloc(history->n + 1, sizeof(*sessions->session_ids));
        if (!sessions->session_ids)
                abort();
        for (size_t i = 0; i < history->n; i++) {
                const CallRecord *record = &history->filed[i].record;

                if (command->type == PHONE_COMMAND_FORGET || !record->seen)
                        STR_SET(sessions->session_ids[sessions->count++], record->session_id);
        }
}

/* The part of a command that the store does. */
static void history_asked(Handset *handset, PhoneCommand *command)
{
        const MessageSessions *asked = &command->sessions;

        handset_write_history(handset);
        laws_see_asked(handset, command->type, asked);
        name_all(handset, command);
        if (command->type == PHONE_COMMAND_FORGET) {
                history_forget(handset, asked);
                return;
        }
        for (size_t i = 0; i < handset->history.n; i++) {
                CallRecord *record = &handset->history.filed[i].record;

                record->seen |= message_sessions_have(asked, record);
        }
}

void handset_do(Handset *handset, PhoneAction *action)
{
        Ticket *ticket;

        switch (action->type) {
        case PHONE_DONE:
                DL_SEARCH_SCALAR(handset->tickets, ticket, number, action->ticket);
                if (ticket && ticket->type == PHONE_COMMAND_GENERATE_TOKEN && !action->error) {
                        STR_SET(handset->token, action->token);
                        STR_SET(handset->token_session, action->session_id);
                }
                if (ticket) {
                        DL_DELETE(handset->tickets, ticket);
                        free(ticket);
                }
                break;
        case PHONE_LISTENER_CALL:
                listener_asked(handset, action);
                break;
        case PHONE_TONE:
                tone_asked(handset, action->tone);
                break;
        case PHONE_WORKER_START:
                worker_start(handset, action->session_id);
                break;
        case PHONE_WORKER_JOIN:
                worker_join(handset, action);
                break;
        case PHONE_WORKER_PARTICIPANT_JOINED:
                worker_meet(handset, action->session_id, action->participant.participant.id);
                break;
        case PHONE_WORKER_MUTE:
                worker_mute(handset, action);
                break;
        case PHONE_WORKER_PING:
                worker_ask(handset, action);
                break;
        case PHONE_WORKER_CUT:
                worker_cut(handset, action);
                break;
        case PHONE_WORKER_KILL:
                worker_kill(handset, action);
                break;
        case PHONE_WORKER_STOP:
                worker_stop(handset, action->session_id);
                break;
        case PHONE_CALL_STORE:
        case PHONE_CALL_FORGET:
        case PHONE_REQUEST_STORE:
        case PHONE_REQUEST_FORGET:
                handset_store(handset, action);
                break;
        case PHONE_HISTORY_PUT:
                history_put(handset, &action->record);
                break;
        case PHONE_HISTORY_FORGET:
                history_forget(handset, &action->sessions);
                break;
        default:
                break;
        }
}

static void mute_call(Handset *handset, const char *session_id)
{
        PhoneCommand command = {.type = PHONE_COMMAND_MUTE, .on = true};

        STR_SET(command.session_id, session_id);
        handset_command(handset, &command);
}

void handset_run_job(Handset *handset, Job *job)
{
        const Now instant = handset_instant(handset);
        Phone *phone = handset->phone;
        bool works = handset_worker(handset, job->session_id);
        int r = 0;

        DL_DELETE(handset->jobs, job);
        switch (job->type) {
        case JOB_TONE:
                handset->heard = job->on;
                r = phone_tone_playing(phone, &instant, job->tone, job->on);
                break;
        case JOB_LISTENER:
                if (job->on && case_of(handset->world, job->session_id))
                        case_of(handset->world, job->session_id)->sights[handset->index].presented =
                                true;
                r = phone_listener_answered(phone, &instant, job->serial, job->on);
                break;
        case JOB_WORKER:
                if (works)
                        r = phone_worker_state(phone, &instant, job->session_id, job->state);
                break;
        case JOB_PARTICIPANT:
                if (works)
                        r = phone_worker_participant(phone, &instant, job->session_id, job->peer,
                                                     &(ParticipantMedia){.connected = job->on});
                break;
        case JOB_SIGNAL: /* names its addressee, see laws_see_signal() */
                if (works)
                        r = phone_worker_signal(phone, &instant, job->session_id, job->peer,
                                                job->peer);
                if (works)
                        worker_meet(handset, job->session_id, job->peer);
                break;
        case JOB_ANSWER:
                r = worker_answer(handset, &instant, job);
                break;
        case JOB_WORKER_CUT:
                if (works)
                        r = phone_worker_cut(phone, &instant, job->session_id);
                break;
        case JOB_WORKER_DIES:
                if (works && handset_worker(handset, job->session_id)->is_cut)
                        r = worker_dies(handset, &instant, job->session_id);
                break;
        case JOB_STORE:
                handset_write_history(handset);
                break;
        case JOB_MUTE:
                mute_call(handset, job->session_id);
                break;
        case JOB_DAEMON_DIES:
                free(job);
                if (!handset->world->calm_until)
                        handset_crash(handset, DAEMON_RESTARTS_US);
                return;
        }
        free(job);
        handset_drain(handset, r);
}

void handset_command(Handset *handset, PhoneCommand *command)
{
        const Now instant = handset_instant(handset);
        Ticket *ticket = calloc(1, sizeof(*ticket));

        if (!ticket)
                abort();
        ticket->number = ++handset->n_tickets;
        ticket->asked_at = handset->world->now;
        ticket->type = command->type;
        STR_SET(ticket->session_id, command->session_id);
        DL_APPEND(handset->tickets, ticket);
        world_count(handset->world, COUNT_COMMANDS);
        if (command->type == PHONE_COMMAND_SEEN || command->type == PHONE_COMMAND_FORGET)
                history_asked(handset, command);
        laws_see_ticket(handset, ticket, command);
        laws_see_agreed(handset, command);
        handset_drain(handset, phone_command(handset->phone, &instant, command, ticket->number));
}

void handset_drop_local(Handset *handset, bool workers)
{
        Job *job, *next;

        DL_FOREACH_SAFE (handset->jobs, job, next)
                free(job);
        handset->jobs = NULL;
        while (workers && handset->workers)
                worker_stop(handset, handset->workers->session_id);
        while (handset->tickets) {
                Ticket *ticket = handset->tickets;

                DL_DELETE(handset->tickets, ticket);
                free(ticket);
        }
        shelf_done(&handset->waiting);
}
