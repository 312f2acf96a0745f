/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "wire/messages.h"
#include "wire/stored.h"
#include "wire/wire.h"

/* We wrote it ourselves, so the limits only protect against a damaged store. */
#define STORED_MAX (2 * 1024 * 1024) /* bytes: a call with GROUP_MEMBERS_MAX members has a half */
#define STORED_VALUES_MAX 50000      /* likewise: each member has 16 */

static const JsonLimits stored_limits = {STORED_MAX, WIRE_NESTING_MAX, WIRE_MEMBERS_MAX,
                                         STORED_VALUES_MAX};

int stored_encode(const FieldTable *table, const void *what, char **ret)
{
        _cleanup_(json_print_done) JsonPrinter printer;

        json_print_init(&printer, 0, STORED_MAX);
        fields_print(&printer, table, what);
        return json_print_finish(&printer, ret, NULL);
}

int stored_decode(const FieldTable *table, const char *json, void *what)
{
        _cleanup_(cJSON_Deletep) cJSON *root = NULL;
        char text[MESSAGE_TEXT_MAX + 1];
        const FieldReader reader = {.text = text};
        int r = json_parse(json, strlen(json), &stored_limits, &root, text);

        if (r < 0)
                return r == -ENOMEM ? r : -EBADMSG;
        return cJSON_IsObject(root) ? fields_read(&reader, table, root, what) : -EBADMSG;
}

int wire_encode_record(const CallRecord *record, char **ret)
{
        return stored_encode(&record_fields, record, ret);
}

int wire_decode_record(const char *json, CallRecord *ret)
{
        _cleanup_(call_record_done) CallRecord record = {0};
        int r = stored_decode(&record_fields, json, &record);

        if (r < 0)
                return r;
        *ret = record;
        record = (CallRecord){0};
        return 0;
}

int wire_encode_live(const LiveCall *call, char **ret)
{
        return stored_encode(&live_call_fields, call, ret);
}

int wire_decode_live(const char *json, LiveCall *ret)
{
        _cleanup_(live_call_done) LiveCall call = {0};
        int r = stored_decode(&live_call_fields, json, &call);

        if (r < 0)
                return r;
        *ret = call;
        call = (LiveCall){0};
        return 0;
}

int wire_encode_live_member(const LiveMember *member, char **ret)
{
        return stored_encode(&live_member_fields, member, ret);
}

int wire_decode_live_member(const char *json, LiveMember *ret)
{
        LiveMember member = {0};
        int r = stored_decode(&live_member_fields, json, &member);

        if (r < 0)
                return r;
        *ret = member;
        return 0;
}
