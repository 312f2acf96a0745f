/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bench/crowd-users.h"

#include <string.h>

#include "hub/admin.h"
#include "rig/rig.h"

static char *ask(const char *state, const OperatorRequest *request)
{
        char *text = NULL;
        int r = admin_ask(state, request, &text);

        if (r < 0)
                rig_fail("the hub does not do that: %s", text ?: strerror(-r));
        text[strcspn(text, "\n")] = '\0';
        return text;
}

char *crowd_add_user(const char *state, const char *uid)
{
        free(ask(state, &(OperatorRequest){.verb = OPERATOR_USER_ADD, .uid = uid}));
        return ask(state, &(OperatorRequest){.verb = OPERATOR_TOKEN_MINT, .uid = uid});
}

void crowd_add_group(const char *state, const char *guid, const char *const *uids, size_t n)
{
        OperatorRequest join = {
                .verb = OPERATOR_GROUP_JOIN, .guid = guid, .uids = uids, .n_uids = n};

        free(ask(state, &(OperatorRequest){.verb = OPERATOR_GROUP_ADD, .guid = guid}));
        free(ask(state, &join));
}
