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
                r = database_run(history->database, "BEGIN IMMEDIATE");
        if (r < 0)
                return r;
        for (size_t i = 0; r >= 0 && i < n; i++) {
                sqlite3_stmt *statement = texts[i].value ? put : drop;

                history_bind_text(statement, 1, texts[i].key);
                if (texts[i].value)
                        history_bind_text(statement, 2, texts[i].value);
                r = history_statement_run(statement);
        }
        return history_transaction_end(history, r);
}

int history_stored_read(History *history, void (*each)(void *userdata, const StoredText *text),
                        void *userdata)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        int r = history_statement(history, "SELECT key, value FROM kept ORDER BY key", &statement);
        int result = SQLITE_DONE;

        while (r >= 0 && (result = sqlite3_step(statement)) == SQLITE_ROW) {
                const StoredText text = {
                        .key = (const char *)sqlite3_column_text(statement, 0),
                        .value = (const char *)sqlite3_column_text(statement, 1),
                };

                if (!text.key || !text.value)
                        return -ENOMEM;
                each(userdata, &text);
        }
        return r < 0 ? r : database_errno(result);
}
