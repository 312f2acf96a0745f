/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What the exchange wants done for a call to a large group: a thousand rings, a thousand records.
 * The first LANE_BEGINS_AT are done at once; the others, and all that comes of this call
 * afterwards, are done in order, some in each turn of the loop (work.c), while other calls go on.
 * So a device sees the events of one call in their order, and nothing is confirmed before it is
 * stored.
 */

#include <errno.h>

#include "hub/internal.h"

#define LANE_STEP (LANE_BEGINS_AT / LANE_HELP_STEPS) /* actions between two looks at the clock */

/* Embedded in its job, which is in the line of the user who has caused the first action. */
struct Lane {
        HubJob job;
        char session_id[UUID_LENGTH + 1];
        ExchangeAction *actions; /* owned */
        size_t first, n, n_allocated;
        bool is_stalled; /* its first action could not be stored: it is tried again */
        UT_hash_handle hh;
};

static Lane *lane_find(const Hub *hub, const char *session_id)
{
        Lane *lane;

        HASH_FIND_STR(hub->lanes, session_id, lane);
        return lane;
}

static Lane *lane_new(Hub *hub, const char *session_id)
{
        Lane *lane = calloc(1, sizeof(*lane));

        if (!lane)
                return NULL;
        STR_SET(lane->session_id, session_id);
        lane->job.lane = lane;
        HASH_ADD_STR(hub->lanes, session_id, lane);
        if (!lane->hh.tbl) {
                free(lane);
                return NULL;
        }
        if (fair_queue_add(&hub->work, hub->asking, &lane->job.fair, 0) < 0) {
                HASH_DEL(hub->lanes, lane);
                free(lane);
                return NULL;
        }
        hub_work_begin(hub);
        return lane;
}

static void lane_set_stalled(Hub *hub, Lane *lane, bool is_stalled)
{
        hub->n_stalled_lanes -= lane->is_stalled;
        hub->n_stalled_lanes += is_stalled;
        lane->is_stalled = is_stalled;
}

Lane *lane_free(Hub *hub, Lane *lane)
{
        lane_set_stalled(hub, lane, false);
        for (; lane->n > 0; lane->n--)
                exchange_action_done(&lane->actions[lane->first++]);
        fair_queue_remove(&hub->work, &lane->job.fair);
        HASH_DEL(hub->lanes, lane);
        free(lane->actions);
        free(lane);
        return NULL;
}

static int lane_reserve(Lane *lane)
{
        if (lane->first + lane->n < lane->n_allocated)
                return 0;
        if (lane->first > lane->n) { /* most of it is done */
                memcpy(lane->actions, lane->actions + lane->first,
                       lane->n * sizeof(*lane->actions));
                lane->first = 0;
                return 0;
        }
        size_t n = MAX_OF(2 * lane->n_allocated, (size_t)LANE_BEGINS_AT);
        ExchangeAction *grown = reallocarray(lane->actions, n, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        lane->actions = grown;
        lane->n_allocated = n;
        return 0;
}

/* Are there so many actions for this call, one after the other, that it needs a lane? */
static bool is_many(Hub *hub, const char *session_id)
{
        if (!str_eq(hub->drained_session, session_id)) {
                STR_SET(hub->drained_session, session_id);
                hub->n_drained = 0;
        }
        return ++hub->n_drained > LANE_BEGINS_AT;
}

int hub_lane_take(Hub *hub, ExchangeAction *action)
{
        if (str_empty(action->session_id))
                return 0;
        Lane *lane = lane_find(hub, action->session_id);
        if (!lane && !is_many(hub, action->session_id))
                return 0;
        if (!lane)
                lane = lane_new(hub, action->session_id);
        if (!lane || lane_reserve(lane) < 0)
                return -ENOMEM;
        lane->actions[lane->first + lane->n++] = *action;
        return 1;
}

bool hub_lane_step(Hub *hub, Lane *lane)
{
        /* A device that is given up meanwhile causes actions, which come after these. */
        hub->is_draining = true;
        for (size_t i = 0; i < LANE_STEP && lane->n > 0; i++) {
                lane_set_stalled(hub, lane, hub_carry_out(hub, &lane->actions[lane->first]) < 0);
                if (lane->is_stalled)
                        break;
                exchange_action_done(&lane->actions[lane->first++]);
                lane->n--;
        }
        hub->is_draining = false;
        hub_drain(hub);
        return lane->n > 0;
}

/* Takes a step of the lane, and frees it when it is empty. Returns false if it is stalled. */
static bool lane_advance(Hub *hub, Lane *lane)
{
        bool more = hub_lane_step(hub, lane);

        if (lane->is_stalled)
                return false;
        if (!more)
                lane_free(hub, lane);
        return true;
}

bool hub_lanes_help(Hub *hub)
{
        for (int i = 0; i < LANE_HELP_STEPS && hub->lanes; i++)
                if (!lane_advance(hub, hub->lanes))
                        break;
        return hub->lanes;
}

void hub_lane_pass(Hub *hub, const HubJob *job)
{
        for (const FairJob *fair = job->fair.next; fair; fair = fair->next) {
                Lane *lane = CONTAINER_OF(fair, HubJob, fair)->lane;

                if (!lane)
                        continue;
                (void)lane_advance(hub, lane);
                break;
        }
}

int hub_lanes_finish(Hub *hub)
{
        hub_drain(hub); /* it may have stalled, too */
        while (hub_lanes_help(hub) && hub->n_stalled_lanes == 0)
                ;
        return hub->stalled || hub->n_stalled_lanes > 0 ? -ENOMEM : 0;
}
