/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/record.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"

int ring_timeout_clamp(int seconds)
{
        if (seconds <= 0)
                return RING_TIMEOUT_DEFAULT_S;
        return CLAMP_TO(seconds, RING_TIMEOUT_MIN_S, RING_TIMEOUT_MAX_S);
}

static int metadata_check(const Metadata *metadata, const char *key, const char *value)
{
        if (metadata->count >= METADATA_MAX || str_empty(key) || strlen(key) > METADATA_KEY_MAX ||
            strlen(value) > METADATA_VALUE_MAX)
                return -E2BIG;
        if (!text_is_valid(key, METADATA_KEY_MAX) || !text_is_valid(value, METADATA_VALUE_MAX))
                return -EINVAL;
        for (size_t i = 0; i < metadata->count; i++) {
                if (str_eq(metadata->entries[i].key, key))
                        return -EEXIST;
        }
        return 0;
}

static int metadata_append(Metadata *metadata, const char *key, const char *value)
{
        _cleanup_free_ char *key_copy = strdup(key), *value_copy = strdup(value);

        if (!key_copy || !value_copy)
                return -ENOMEM;

        MetadataEntry *entries =
                reallocarray(metadata->entries, metadata->count + 1, sizeof(*entries));
        if (!entries)
                return -ENOMEM;
        metadata->entries = entries;
        entries[metadata->count++] = (MetadataEntry){
                .key = TAKE_PTR(key_copy),
                .value = TAKE_PTR(value_copy),
        };
        return 0;
}

int metadata_add(Metadata *metadata, const char *key, const char *value)
{
        int r = metadata_check(metadata, key, value);

        return r < 0 ? r : metadata_append(metadata, key, value);
}

int metadata_copy(Metadata *metadata, const Metadata *from)
{
        Metadata copy = {0};

        for (size_t i = 0; i < from->count; i++) {
                int r = metadata_append(&copy, from->entries[i].key, from->entries[i].value);

                if (r < 0) {
                        metadata_done(&copy);
                        return r;
                }
        }
        *metadata = copy;
        return 0;
}

void metadata_done(Metadata *metadata)
{
        for (size_t i = 0; i < metadata->count; i++) {
                free(metadata->entries[i].key);
                free(metadata->entries[i].value);
        }
        free(metadata->entries);
        *metadata = (Metadata){0};
}

int call_record_copy(CallRecord *record, const CallRecord *from)
{
        Metadata metadata = {0};
        int r = metadata_copy(&metadata, &from->metadata);

        if (r < 0) {
                *record = (CallRecord){0};
                return r;
        }
        *record = *from;
        record->metadata = metadata;
        return 0;
}

bool call_record_is_same(const CallRecord *a, const CallRecord *b)
{
        return str_eq(a->session_id, b->session_id) && a->direction == b->direction &&
               a->receiver_type == b->receiver_type && str_eq(a->initiator.uid, b->initiator.uid) &&
               str_eq(a->receiver.uid, b->receiver.uid);
}

void call_record_done(CallRecord *record)
{
        metadata_done(&record->metadata);
        *record = (CallRecord){0};
}
