/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig/long-history.h"

#include "hub/database.h"
#include "rig/rig.h"
#include "wire/stored.h"

#define SECOND_OF(n) (1700000000 * USEC_PER_SEC + (n)*USEC_PER_SEC)
#define BATCH 1000

static void put(HubDatabase *database, const char *uid, size_t first, size_t n)
{
        _cleanup_free_ Write *writes = rig_alloc(n * sizeof(*writes));
        const HistoryTime time = history_time_now();
        CallRecord record = {.direction = CALL_DIRECTION_INCOMING, .status = CALL_STATUS_MISSED};

        STR_SET(record.initiator.uid, "caller");
        STR_SET(record.receiver.uid, uid);
        for (size_t i = 0; i < n; i++) {
                record.initiated_at = SECOND_OF(first + i);
                /* In no order that the history has. */
                snprintf(record.session_id, sizeof(record.session_id),
                         "%08x-90f7-4d4e-8f2c-0c9d7a1b2c3d", (unsigned)(first + i) * 2654435761u);
                writes[i] = (Write){
                        .type = WRITE_LOG, .unseen = true, .initiated_at = record.initiated_at};
                STR_SET(writes[i].uid, uid);
                STR_SET(writes[i].session_id, record.session_id);
                if (wire_encode_record(&record, &writes[i].json) < 0)
                        rig_fail("out of memory");
        }
        if (hub_database_write(database, &time, writes, n) < 0)
                rig_fail("cannot write a history of %zu calls", first + n);
        for (size_t i = 0; i < n; i++)
                write_done(&writes[i]);
}

void long_history_make(const char *state, const char *uid, size_t n)
{
        _cleanup_free_ char *path = str_printf("%s/hub.db", state), *text = NULL;
        HubDatabase *database;

        if (!path || hub_database_open(path, &database, &text) < 0)
                rig_fail("%s", text ?: "out of memory");
        for (size_t i = 0; i < n; i += BATCH)
                put(database, uid, i, MIN_OF(n - i, (size_t)BATCH));
        if (call_history_settle(hub_database_history(database), USEC_NEVER) < 0)
                rig_fail("cannot index a history of %zu calls", n);
        hub_database_free(database);
}
