/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange/attachment.h"

#include <errno.h>

#include "exchange/device.h"
#include "exchange/flow.h"
#include "exchange/owed.h"

Attachment *exchange_attachment_find(const Exchange *exchange, uint64_t id)
{
        Attachment *attachment = NULL;

        HASH_FIND(hh, exchange->attachments, &id, sizeof(id), attachment);
        return attachment;
}

int exchange_attachment_new(Exchange *exchange, uint64_t id, Attachment **ret)
{
        Attachment *attachment = calloc(1, sizeof(*attachment));

        if (!attachment)
                return -ENOMEM;
        attachment->id = id;
        HASH_ADD(hh, exchange->attachments, id, sizeof(attachment->id), attachment);
        if (!attachment->hh.tbl) {
                free(attachment);
                return -ENOMEM;
        }
        *ret = attachment;
        return 0;
}

/* What is owed to a connection that is gone is lost, like what was in line for it. */
static void attachment_forget_news(const Attachment *attachment)
{
        const Branch *branch;

        if (attachment->leg && attachment->leg->media.by_token)
                exchange_owed_forget(attachment->leg);
        if (!attachment->device)
                return;
        DL_FOREACH2 (attachment->device->branches, branch, device_next) {
                if (!branch->leg->media.by_token)
                        exchange_owed_forget(branch->leg);
        }
}

void exchange_attachment_free(Exchange *exchange, Attachment *attachment)
{
        attachment_forget_news(attachment);
        if (attachment->leg && attachment->leg->limited == attachment)
                attachment->leg->limited = NULL;
        if (attachment->device && attachment->device->attachment == attachment) {
                attachment->device->attachment = NULL;
                exchange_device_free_unused(attachment->device);
        }
        HASH_DEL(exchange->attachments, attachment);
        exchange_flows_free(attachment);
        free(attachment);
}
