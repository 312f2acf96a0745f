/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "store/history-internal.h"

int history_stored_write(History *history, const StoredText *texts, size_t n)
{
        _cleanup_statement_ sqlite3_stmt *put = NULL, *drop = NULL;
        int r = history_statement(history, "INSERT OR REPLACE INTO kept VALUES (?, ?)", &put);

        if (r >= 0)
                r = history_statement(history, "DELETE FROM kept WHERE key = ?", &drop);
        if (r >= 0)
                r = database_begin(history->database);
        if (r < 0)
                return r;
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = texts[i].value ? query_run(put, "ss", texts[i].key, texts[i].value)
                                   : query_run(drop, "s", texts[i].key);
        return database_end(history->database, MIN_OF(r, 0));
}

int history_stored_read(History *history, void (*each)(void *userdata, const StoredText *text),
                        void *userdata)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        int r = history_statement(history, "SELECT key, value FROM kept ORDER BY key", &statement);

        if (r < 0)
                return r;
        while ((r = query_next(statement)) > 0) {
                const StoredText text = {
                        .key = (const char *)sqlite3_column_text(statement, 0),
                        .value = (const char *)sqlite3_column_text(statement, 1),
                };

                if (!text.key || !text.value)
                        return -ENOMEM;
                each(userdata, &text);
        }
        return r;
}
