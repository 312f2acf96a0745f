/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/message.h"
#include "model/record.h"

/* A party's state in the session's media. The exchange embeds it in its legs. */
typedef struct LiveMedia {
        bool joins; /* as in MessageInitiate.join */
        bool muted, video_paused, sharing;
        char participant[PARTICIPANT_ID_MAX + 1]; /* stored only if joined and not by_token */
        bool joined, flows;                       /* not stored */
        bool by_token; /* joined by the leg's limited attachment; not stored */
} LiveMedia;

/* One user's part of a live call. Embedded. */
typedef struct LiveMember {
        Party party; /* the user; device: the one that placed or answered the call, or empty */
        CallStatus status;
        char reason[REASON_MAX + 1];
        char merged_id[UUID_LENGTH + 1]; /* of the initiate merged into this call, or empty */
        bool alerted, quiet;             /* a device has alerted a person; a device stays quiet */
        bool blocked;                    /* the member blocks the caller: nothing rings */
        bool barred;                     /* the member does not let the caller ring: likewise */
        LiveMedia media;
        usec_t join_until; /* a date: base/boot-date.h; 0: no deadline */
} LiveMember;

/* The stored state of a live call, from which a restarted hub continues it. */
typedef struct LiveCall {
        CallRecord record; /* as the caller sees it */
        usec_t ring_until; /* a date: base/boot-date.h */
        LiveMember caller;
        LiveMember *members; /* owned; exactly one unless it is a group's call */
        size_t n_members;
} LiveCall;

void live_call_done(LiveCall *call);
/*
 * Updates `call` with `newer`: replaces members of the same uid and adds new ones. Takes over what
 * `newer` owns, and leaves it empty. Returns 0, or -ENOMEM with neither changed.
 */
int live_call_merge(LiveCall *call, LiveCall *newer);
