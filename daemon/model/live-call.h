/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/message.h"
#include "model/record.h"

/* A party's state in the session's media. The exchange embeds it in its legs. */
typedef struct LiveMedia {
        bool joins; /* as in MessageInitiate.join; a party that will not counts as joined */
        bool muted, video_paused, sharing;
        char participant[PARTICIPANT_ID_MAX + 1]; /* as stored: empty if not joined, or by token */
        bool joined, flows;                       /* not stored, like the next one */
        bool by_token; /* joined by the leg's limited attachment, not by the device's own */
} LiveMedia;

/* The stored state of a live call, from which a restarted hub continues it. Embedded. */
typedef struct LiveMember {
        Party party; /* device: the one that placed or answered it, or empty */
        CallStatus status;
        char reason[REASON_MAX + 1];
        char merged_id[UUID_LENGTH + 1]; /* of the initiate that became its accept, or empty */
        bool alerted, quiet;             /* a device alerted a person; a device stays quiet */
        bool blocked;                    /* the member blocks the caller: nothing rings */
        LiveMedia media;
        usec_t join_until; /* CLOCK_REALTIME; 0: no deadline */
} LiveMember;

typedef struct LiveCall {
        CallRecord record; /* as the caller sees it */
        usec_t ring_until; /* CLOCK_REALTIME */
        LiveMember caller;
        LiveMember *members; /* owned; one for a user-to-user call */
        size_t n_members;
} LiveCall;

void live_call_done(LiveCall *call);
/*
 * Updates `call` with `newer`: replaces members of the same uid and adds new ones. Takes what
 * `newer` owns and leaves it empty. Returns 0 or -ENOMEM, with neither changed.
 */
int live_call_merge(LiveCall *call, LiveCall *newer);
