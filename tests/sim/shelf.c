/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "sim.h"

Filed *shelf_find(const Shelf *shelf, const char *uid, const char *session_id)
{
        /* The newest entries are used most. */
        for (size_t i = shelf->n; i > 0; i--) {
                Filed *filed = &shelf->filed[i - 1];

                if (str_eq(filed->record.session_id, session_id) && str_eq(filed->uid, uid))
                        return filed;
        }
        return NULL;
}

Filed *shelf_put(Shelf *shelf, const char *uid, const CallRecord *record)
{
        Filed *filed = shelf_find(shelf, uid, record->session_id);

        if (!filed) {
                if (shelf->n == shelf->allocated) {
                        shelf->allocated = shelf->allocated ? 2 * shelf->allocated : 64;
                        shelf->filed =
                                reallocarray(shelf->filed, shelf->allocated, sizeof(*shelf->filed));
                        if (!shelf->filed)
                                abort();
                }
                filed = &shelf->filed[shelf->n++];
                *filed = (Filed){0};
                STR_SET(filed->uid, uid);
        } else {
                call_record_done(&filed->record);
                filed->record = (CallRecord){0};
        }
        if (call_record_copy(&filed->record, record) < 0)
                abort();
        filed->forgotten = filed->pruned = false;
        return filed;
}

void shelf_remove(Shelf *shelf, const char *uid, const char *session_id)
{
        Filed *filed = shelf_find(shelf, uid, session_id);

        if (!filed)
                return;
        call_record_done(&filed->record);
        *filed = shelf->filed[--shelf->n];
}

void shelf_done(Shelf *shelf)
{
        for (size_t i = 0; i < shelf->n; i++)
                call_record_done(&shelf->filed[i].record);
        free(shelf->filed);
        *shelf = (Shelf){0};
}
