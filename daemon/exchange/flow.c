/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange/flow.h"

#include <errno.h>
#include <stdlib.h>

/* An attachment has flows from those who are in a session with it: a few. */
static Flow *flow_find(const Attachment *attachment, const char *uid)
{
        Flow *flow;

        DL_FOREACH (attachment->flows, flow) {
                if (str_eq(flow->uid, uid))
                        return flow;
        }
        return NULL;
}

bool exchange_flow_has_room(const Attachment *attachment, const char *uid, size_t bytes)
{
        const Flow *flow = attachment ? flow_find(attachment, uid) : NULL;

        return !flow || (flow->n_messages < SENDER_MESSAGES_MAX &&
                         flow->n_bytes + bytes <= SENDER_BYTES_MAX);
}

bool exchange_flow_has_room_for_news(const Attachment *attachment, const char *uid)
{
        const Flow *flow = attachment ? flow_find(attachment, uid) : NULL;

        return !flow || flow->n_messages < SENDER_MESSAGES_MAX + SENDER_NEWS_MAX;
}

uint32_t exchange_flow_length(const Attachment *attachment, const char *uid)
{
        const Flow *flow = flow_find(attachment, uid);

        return flow ? flow->n_messages : 0;
}

int exchange_flow_add(Attachment *attachment, const char *uid, size_t bytes)
{
        Flow *flow = flow_find(attachment, uid);

        if (!flow) {
                flow = calloc(1, sizeof(*flow));
                if (!flow)
                        return -ENOMEM;
                STR_SET(flow->uid, uid);
                DL_APPEND(attachment->flows, flow);
        }
        flow->n_messages++;
        flow->n_bytes += bytes;
        return 0;
}

void exchange_flow_take(Attachment *attachment, const char *uid, size_t bytes)
{
        Flow *flow = flow_find(attachment, uid);

        if (!flow)
                return;
        flow->n_messages--;
        flow->n_bytes -= bytes;
        if (flow->n_messages > 0)
                return;
        DL_DELETE(attachment->flows, flow);
        free(flow);
}

void exchange_flows_free(Attachment *attachment)
{
        Flow *flow, *next;

        DL_FOREACH_SAFE (attachment->flows, flow, next)
                free(flow);
        attachment->flows = NULL;
}
