/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange/uids.h"

#include "base/array.h"

static size_t uids_find(const UidList *list, const char *uid)
{
        size_t i = 0;

        while (i < list->n && !str_eq(list->uids[i], uid))
                i++;
        return i;
}

bool exchange_uids_have(const UidList *list, const char *uid)
{
        return uids_find(list, uid) < list->n;
}

int exchange_uids_reserve(UidList *list)
{
        return ARRAY_GROW(&list->uids, list->n);
}

void exchange_uids_add(UidList *list, const char *uid)
{
        STR_SET(list->uids[list->n++], uid);
}

void exchange_uids_remove(UidList *list, const char *uid)
{
        size_t i = uids_find(list, uid);

        if (i == list->n)
                return;
        list->n--;
        memmove(list->uids[i], list->uids[i + 1], (list->n - i) * sizeof(*list->uids));
}

void exchange_uids_done(UidList *list)
{
        free(list->uids);
        *list = (UidList){};
}
