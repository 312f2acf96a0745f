/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/operator-internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <time.h>

#include "hub/history-task.h"

#define HISTORY_BYTES (1024 * 1024) /* a page of the longest possible records has 3 MB */
#define SHOWN_MAX 80                /* bytes of a wrong value quoted in a sentence */

int operation_fail(Operation *operation, int error, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        vfprintf(operation->out, format, arguments);
        va_end(arguments);
        operation->is_explained = true;
        return error;
}

static void print_date(FILE *out, usec_t date)
{
        time_t seconds = (time_t)(date / USEC_PER_SEC);
        struct tm broken;
        char text[32] = "-";

        if (date > 0 && gmtime_r(&seconds, &broken))
                strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &broken);
        fputs(text, out);
}

static int user_add(Operation *operation)
{
        const OperatorRequest *request = operation->request;
        const char *name = str_empty(request->name) ? request->uid : request->name;
        bool is_new;

        int r = operation->hub
                        ? hub_user_add(operation->hub, request->uid, name, &is_new)
                        : hub_database_user_add(operation->database, request->uid, name, &is_new);
        if (r >= 0)
                fprintf(operation->out, "%s %s (%s)\n", is_new ? "added" : "renamed", request->uid,
                        name);
        return r;
}

static int print_user(const StoredUser *user, void *userdata)
{
        fprintf(userdata, "%s\t%s\t%s\n", user->uid, user->name,
                when_busy_to_string(user->when_busy));
        return 0;
}

static int user_list(Operation *operation)
{
        return hub_database_each_user(operation->database, print_user, operation->out);
}

static int user_remove(Operation *operation)
{
        const char *uid = operation->request->uid;

        int r = operation->hub ? hub_user_remove(operation->hub, uid)
                               : hub_database_user_remove(operation->database, uid);
        if (r >= 0)
                fprintf(operation->out, "removed %s\n", uid);
        return r;
}

static int token_mint(Operation *operation)
{
        const OperatorRequest *request = operation->request;
        char token[TOKEN_LENGTH + 1];

        int r = hub_database_token_mint(operation->database, request->uid, request->device ?: "",
                                        token);
        if (r >= 0)
                fprintf(operation->out, "%s\n", token);
        explicit_bzero(token, sizeof(token));
        return r;
}

static int print_token(const StoredToken *token, void *userdata)
{
        FILE *out = userdata;

        fprintf(out, "%" PRId64 "\t", token->id);
        print_date(out, token->created_at);
        fprintf(out, "\t%s\n", token->device_name);
        return 0;
}

static int token_list(Operation *operation)
{
        const char *uid = operation->request->uid;
        StoredUser user;

        int r = hub_database_user_get(operation->database, uid, &user);
        if (r >= 0)
                r = hub_database_each_token(operation->database, uid, print_token, operation->out);
        return r;
}

static int token_revoke(Operation *operation)
{
        int64_t id = strtoll(operation->request->id, NULL, 10);
        int r = operation->hub ? hub_token_revoke(operation->hub, id)
                               : hub_database_token_revoke(operation->database, id);
        if (r >= 0)
                fprintf(operation->out, "revoked %" PRId64 "\n", id);
        return r;
}

static int print_call(const CallRecord *record, void *userdata)
{
        FILE *out = userdata;

        fprintf(out, "%s\t%s\t%s\t%s\t%s\t", record->session_id, record->initiator.uid,
                record->receiver.uid, call_type_to_string(record->type),
                call_status_to_string(record->status));
        print_date(out, record->initiated_at);
        fputc('\n', out);
        return 0;
}

static int no_hub(Operation *operation)
{
        return operation_fail(
                operation, -ENOTCONN,
                "no hub is running on this state folder; start it with tring-hub serve");
}

static int calls(Operation *operation)
{
        if (!operation->hub)
                return no_hub(operation);
        return hub_each_call(operation->hub, print_call, operation->out);
}

static int history(Operation *operation)
{
        const char *uid = operation->request->uid;
        const HistoryTime time = history_time_now();
        _cleanup_(history_task_done) HistoryTask task = {0};
        StoredUser user;

        int r = hub_database_user_get(operation->database, uid, &user);
        if (operation->hub)
                hub_finish(operation->hub);
        if (r >= 0)
                r = history_task_page(&task, uid, HISTORY_PAGE_MAX, "", HISTORY_BYTES);
        if (r >= 0)
                r = history_task_finish(&task, hub_database_history(operation->database), &time);
        for (size_t i = 0; r >= 0 && i < task.page.n_records; i++)
                print_call(&task.page.records[i], operation->out);
        return r;
}

static int health(Operation *operation)
{
        if (!operation->hub)
                return no_hub(operation);
        if (!hub_stores(operation->hub))
                return operation_fail(operation, -EIO,
                                      "cannot write the database: see the log of the hub");
        fputs("ok\n", operation->out);
        return 0;
}

/* The values that each verb needs. */
typedef enum OperatorNeed {
        NEEDS_NOTHING,
        NEEDS_UID,
        NEEDS_GUID,
        NEEDS_GUID_AND_UIDS,
        NEEDS_ID,
} OperatorNeed;

static const struct {
        OperatorNeed need;
        int (*run)(Operation *);
} verbs[OPERATOR_VERB_COUNT] = {
        [OPERATOR_USER_ADD] = {NEEDS_UID, user_add},
        [OPERATOR_USER_LIST] = {NEEDS_NOTHING, user_list},
        [OPERATOR_USER_REMOVE] = {NEEDS_UID, user_remove},
        [OPERATOR_TOKEN_MINT] = {NEEDS_UID, token_mint},
        [OPERATOR_TOKEN_LIST] = {NEEDS_UID, token_list},
        [OPERATOR_TOKEN_REVOKE] = {NEEDS_ID, token_revoke},
        [OPERATOR_GROUP_ADD] = {NEEDS_GUID, operator_group_add},
        [OPERATOR_GROUP_JOIN] = {NEEDS_GUID_AND_UIDS, operator_group_join},
        [OPERATOR_GROUP_LEAVE] = {NEEDS_GUID_AND_UIDS, operator_group_leave},
        [OPERATOR_GROUP_LIST] = {NEEDS_NOTHING, operator_group_list},
        [OPERATOR_GROUP_REMOVE] = {NEEDS_GUID, operator_group_remove},
        [OPERATOR_CALLS] = {NEEDS_NOTHING, calls},
        [OPERATOR_HISTORY] = {NEEDS_UID, history},
        [OPERATOR_HEALTH] = {NEEDS_NOTHING, health},
        /*
         * The socket exists only once the hub serves, so any reply means that it is ready for
         * calls.
         */
        [OPERATOR_READY] = {NEEDS_NOTHING, health},
};

static bool id_is_valid(const char *id)
{
        size_t digits = id ? strspn(id, "0123456789") : 0;

        return digits > 0 && digits <= 18 && !id[digits];
}

static char *wrong_text(const char *what, const char *text)
{
        char shown[SHOWN_MAX];

        return str_printf(
                "the %s \"%s\" is not valid: at most %d bytes, something to see, and nothing that "
                "breaks or turns the line",
                what, str_printable(shown, sizeof(shown), text), NAME_MAX_BYTES);
}

static char *wrong_id(const char *what, const char *text)
{
        char shown[SHOWN_MAX];

        return str_printf("\"%s\" is not a %s id: 1 to %d of letters, digits and . _ @ + -",
                          str_printable(shown, sizeof(shown), text ?: ""), what, UID_MAX);
}

/* The first wrong uid of the list, or NULL. */
static const char *wrong_uid(const OperatorRequest *request)
{
        for (size_t i = 0; i < request->n_uids; i++)
                if (!uid_is_valid(request->uids[i]))
                        return request->uids[i];
        return NULL;
}

int operator_check(const OperatorRequest *request, char **ret_text)
{
        OperatorNeed need = verbs[request->verb].need;
        bool needs_guid = need == NEEDS_GUID || need == NEEDS_GUID_AND_UIDS;
        char shown[SHOWN_MAX];

        if (need == NEEDS_UID && !uid_is_valid(request->uid))
                *ret_text = wrong_id("user", request->uid);
        else if (needs_guid && !uid_is_valid(request->guid))
                *ret_text = wrong_id("group", request->guid);
        else if (need == NEEDS_GUID_AND_UIDS && request->n_uids == 0)
                *ret_text = strdup("missing user id");
        else if (need == NEEDS_GUID_AND_UIDS && request->n_uids > GROUP_MEMBERS_MAX)
                *ret_text = str_printf("too many users for a group: %zu, the limit is %d",
                                       request->n_uids, GROUP_MEMBERS_MAX);
        else if (need == NEEDS_GUID_AND_UIDS && wrong_uid(request))
                *ret_text = wrong_id("user", wrong_uid(request));
        else if (need == NEEDS_ID && !id_is_valid(request->id))
                *ret_text =
                        str_printf("\"%s\" is not the number of a token; see tring-hub token list",
                                   str_printable(shown, sizeof(shown), request->id ?: ""));
        else if (!str_empty(request->name) && !name_is_valid(request->name, NAME_MAX_BYTES))
                *ret_text = wrong_text("name", request->name);
        else if (!str_empty(request->device) && !name_is_valid(request->device, NAME_MAX_BYTES))
                *ret_text = wrong_text("device's name", request->device);
        else
                return 0;
        return -EINVAL;
}

/* Prints the sentence for an error of the database. */
static void explain(Operation *operation, int error)
{
        const OperatorRequest *request = operation->request;
        OperatorNeed need = verbs[request->verb].need;

        if (error != -ENOENT)
                fprintf(operation->out, "cannot use the database: %s", strerror(-error));
        else if (need == NEEDS_UID)
                fprintf(operation->out, "there is no user \"%s\"", request->uid);
        else if (need == NEEDS_ID)
                fprintf(operation->out, "there is no token %s", request->id);
        else
                fprintf(operation->out, "there is no group \"%s\"", request->guid);
}

int operator_run(HubDatabase *database, Hub *hub, const OperatorRequest *request, char **ret_text)
{
        _cleanup_free_ char *text = NULL;
        size_t length;

        int r = operator_check(request, ret_text);
        if (r < 0)
                return r;
        Operation operation = {database, hub, request, .out = open_memstream(&text, &length)};
        if (!operation.out)
                return -ENOMEM;
        r = verbs[request->verb].run(&operation);
        if (r < 0 && !operation.is_explained)
                explain(&operation, r);
        if (fclose(operation.out) != 0)
                return -ENOMEM;
        *ret_text = TAKE_PTR(text);
        return r;
}
