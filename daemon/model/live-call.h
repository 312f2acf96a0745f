/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/message.h"
#include "model/record.h"

/* What is stored of a live call, enough to go on with it after a restart. Embedded. */
typedef struct LiveMember {
        Party party; /* device: the one that placed or answered it, or empty */
        CallStatus status;
        char reason[REASON_MAX + 1];
        char merged_id[UUID_LENGTH + 1]; /* of the initiate that has become its accept, or empty */
        bool alerted, quiet;             /* a device alerted someone; a device will not */
        bool blocked;                    /* by the member: it raises nothing there */
        bool joins;                      /* media; as in MessageInitiate.join */
        bool muted, video_paused, sharing;
        char participant[PARTICIPANT_ID_MAX + 1]; /* by that device's own link; empty: none */
        usec_t join_until;                        /* CLOCK_REALTIME; 0: no deadline */
} LiveMember;

typedef struct LiveCall {
        CallRecord record; /* in the caller's eyes */
        usec_t ring_until; /* CLOCK_REALTIME */
        LiveMember caller;
        LiveMember *members; /* owned; one for a user-to-user call */
        size_t n_members;
} LiveCall;

void live_call_done(LiveCall *call);
/*
 * Brings `call` up to date: what `newer` says replaces what it had, members those of the same uid,
 * and the others stay as they were. Takes what `newer` owns and leaves it empty. Returns 0 or
 * -ENOMEM, with neither changed.
 */
int live_call_merge(LiveCall *call, LiveCall *newer);
