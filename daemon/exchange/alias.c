/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange/alias.h"

#include <errno.h>

int exchange_alias_set(Exchange *exchange, CallLeg *leg, const char *session_id)
{
        Alias *alias = calloc(1, sizeof(*alias));

        if (!alias)
                return -ENOMEM;
        STR_SET(alias->session_id, session_id);
        alias->leg = leg;
        HASH_ADD_STR(exchange->aliases, session_id, alias);
        if (!alias->hh.tbl) {
                free(alias);
                return -ENOMEM;
        }
        exchange_alias_drop(exchange, leg);
        leg->alias = alias;
        return 0;
}

void exchange_alias_drop(Exchange *exchange, CallLeg *leg)
{
        if (!leg->alias)
                return;
        HASH_DEL(exchange->aliases, leg->alias);
        free(leg->alias);
        leg->alias = NULL;
}

CallLeg *exchange_alias_find(const Exchange *exchange, const char *session_id)
{
        const Alias *alias = NULL;

        HASH_FIND_STR(exchange->aliases, session_id, alias);
        return alias ? alias->leg : NULL;
}

CallLeg *exchange_alias_of_user(const Exchange *exchange, const User *user, const char *session_id)
{
        CallLeg *leg = exchange_alias_find(exchange, session_id);

        return leg && str_eq(leg->uid, user->uid) ? leg : NULL;
}

const char *exchange_alias_id(const CallLeg *leg)
{
        return leg->alias ? leg->alias->session_id : "";
}
