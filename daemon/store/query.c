/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/query.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>

#include "store/database.h"

static void query_bind_list(sqlite3_stmt *query, const char *types, va_list values)
{
        for (int i = 1; *types; types++, i++) {
                switch (*types) {
                case 's':
                        sqlite3_bind_text(query, i, va_arg(values, const char *), -1,
                                          SQLITE_STATIC);
                        break;
                case 't':
                        sqlite3_bind_int64(query, i, (int64_t)va_arg(values, uint64_t));
                        break;
                case 'x':
                        sqlite3_bind_int64(query, i, va_arg(values, int64_t));
                        break;
                case 'u':
                        sqlite3_bind_int64(query, i, va_arg(values, uint32_t));
                        break;
                case 'b':
                        sqlite3_bind_int(query, i, va_arg(values, int));
                        break;
                default:
                        assert(!"an unknown type");
                }
        }
}

void query_bind(sqlite3_stmt *query, const char *types, ...)
{
        va_list values;

        va_start(values, types);
        query_bind_list(query, types, values);
        va_end(values);
}

int query_run(sqlite3_stmt *query, const char *types, ...)
{
        va_list values;

        va_start(values, types);
        query_bind_list(query, types, values);
        va_end(values);
        int r = query_end(query, database_errno(sqlite3_step(query)));
        return r < 0 ? r : sqlite3_changes(sqlite3_db_handle(query));
}

int query_next(sqlite3_stmt *query)
{
        int result = sqlite3_step(query);

        return result == SQLITE_ROW ? 1 : query_end(query, database_errno(result));
}

int query_end(sqlite3_stmt *query, int r)
{
        sqlite3_reset(query);
        sqlite3_clear_bindings(query);
        return r;
}

int query_number(sqlite3_stmt *query, uint64_t *ret)
{
        int r = query_next(query);

        if (r >= 0)
                *ret = r > 0 ? (uint64_t)sqlite3_column_int64(query, 0) : 0;
        return query_end(query, MIN_OF(r, 0));
}

const char *query_text(sqlite3_stmt *row, int column)
{
        return (const char *)sqlite3_column_text(row, column) ?: "";
}
