/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/details.h"

#include <errno.h>

#include "base/str.h"

int details_open(sd_bus_message *message)
{
        return sd_bus_message_open_container(message, 'a', "{sv}");
}

int details_close(sd_bus_message *message)
{
        return sd_bus_message_close_container(message);
}

int details_append_party(sd_bus_message *message, const Party *party, bool is_group)
{
        return sd_bus_message_append(message, "a{sv}", 2, is_group ? "guid" : "uid", "s",
                                     party->uid, "name", "s", party->name);
}

int details_append_metadata(sd_bus_message *message, const Metadata *metadata)
{
        int r = details_open(message);

        for (size_t i = 0; r >= 0 && i < metadata->count; i++)
                r = details_put(message, metadata->entries[i].key, "s", metadata->entries[i].value);
        return r < 0 ? r : details_close(message);
}

/* Opens an entry whose value is a dictionary; the caller writes the value. */
static int open_entry(sd_bus_message *message, const char *key)
{
        int r = sd_bus_message_open_container(message, 'e', "sv");

        if (r < 0)
                return r;
        r = sd_bus_message_append(message, "s", key);
        if (r < 0)
                return r;
        return sd_bus_message_open_container(message, 'v', "a{sv}");
}

static int close_entry(sd_bus_message *message)
{
        int r = sd_bus_message_close_container(message);

        return r < 0 ? r : sd_bus_message_close_container(message);
}

static int put_party(sd_bus_message *message, const char *key, const Party *party, bool is_group)
{
        int r = open_entry(message, key);

        if (r < 0)
                return r;
        r = details_append_party(message, party, is_group);
        return r < 0 ? r : close_entry(message);
}

static int put_metadata(sd_bus_message *message, const Metadata *metadata)
{
        int r = open_entry(message, "metadata");

        if (r < 0)
                return r;
        r = details_append_metadata(message, metadata);
        return r < 0 ? r : close_entry(message);
}

int details_put_record(sd_bus_message *message, const CallRecord *record)
{
        const struct {
                const char *key, *value;
        } words[] = {
                {"session_id", record->session_id},
                {"call_type", call_type_to_string(record->type)},
                {"receiver_type", receiver_type_to_string(record->receiver_type)},
                {"direction", call_direction_to_string(record->direction)},
                {"status", call_status_to_string(record->status)},
                {"reason", record->reason},
        };
        const struct {
                const char *key;
                usec_t value;
        } dates[] = {
                {"initiated_at", record->initiated_at},
                {"answered_at", record->answered_at},
                {"ended_at", record->ended_at},
        };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(words); i++)
                r = details_put(message, words[i].key, "s", words[i].value);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(dates); i++)
                r = details_put(message, dates[i].key, "t", dates[i].value);
        if (r >= 0)
                r = details_put(message, "duration", "u", record->duration_s);
        if (r >= 0)
                r = put_party(message, "initiator", &record->initiator, false);
        if (r >= 0)
                r = put_party(message, "receiver", &record->receiver,
                              record->receiver_type == RECEIVER_TYPE_GROUP);
        return r < 0 ? r : put_metadata(message, &record->metadata);
}

uint32_t call_remaining_ms(const PhoneCallInfo *call, usec_t now)
{
        if (call->ring_until <= now)
                return 0;
        return (uint32_t)((call->ring_until - now) / USEC_PER_MSEC);
}

int details_append_call(sd_bus_message *message, const PhoneCallInfo *call, usec_t now,
                        const DetailsMarks *marks)
{
        int r = details_open(message);

        if (r >= 0)
                r = details_put_record(message, &call->stored.record);
        if (r >= 0)
                r = details_put(message, "remaining_ms", "u", call_remaining_ms(call, now));
        if (r >= 0 && marks->present)
                r = details_put(message, "present", "b", (int)*marks->present);
        if (r >= 0 && marks->resumed)
                r = details_put(message, "resumed", "b", 1);
        return r < 0 ? r : details_close(message);
}

/* The state of the receiver of a call to one user, who is its only member. */
static MemberState receiver_state(const PhoneCallInfo *call)
{
        const char *reason = call->stored.record.reason;

        switch (call->stored.record.status) {
        case CALL_STATUS_INITIATED:
                return call->stored.member_ringing || call->alerting ? MEMBER_RINGING
                                                                     : MEMBER_WAITING;
        case CALL_STATUS_ONGOING:
                return MEMBER_JOINED;
        case CALL_STATUS_BUSY:
                return MEMBER_BUSY;
        case CALL_STATUS_REJECTED:
                return MEMBER_REJECTED;
        case CALL_STATUS_ENDED:
                return MEMBER_LEFT;
        case CALL_STATUS_CANCELLED:
        case CALL_STATUS_MISSED:
        case CALL_STATUS_UNANSWERED:
        case CALL_STATUS_COUNT:
                break;
        }
        /* The ring stopped: the user answered or declined elsewhere, or did neither in time. */
        if (str_eq(reason, call_reason_to_string(CALL_REASON_ANSWERED_ELSEWHERE)))
                return MEMBER_JOINED;
        if (str_eq(reason, call_reason_to_string(CALL_REASON_DECLINED_ELSEWHERE)))
                return MEMBER_REJECTED;
        return MEMBER_MISSED;
}

static int append_member(sd_bus_message *message, const char *uid, const char *name,
                         MemberState state)
{
        return sd_bus_message_append(message, "a{sv}", 3, "uid", "s", uid, "name", "s", name,
                                     "state", "s", member_state_to_string(state));
}

int details_append_members(sd_bus_message *message, const PhoneCallInfo *call)
{
        const Party *receiver = &call->stored.record.receiver;
        int r = sd_bus_message_open_container(message, 'a', "a{sv}");

        if (r >= 0 && call->stored.record.receiver_type == RECEIVER_TYPE_USER)
                r = append_member(message, receiver->uid, receiver->name, receiver_state(call));
        for (size_t i = 0; r >= 0 && i < call->n_members; i++)
                r = append_member(message, call->members[i].uid, call->members[i].name,
                                  call->members[i].state);
        return r < 0 ? r : sd_bus_message_close_container(message);
}

int details_append_participant(sd_bus_message *message, const SessionParticipant *participant)
{
        const Participant *p = &participant->participant;

        return sd_bus_message_append(
                message, "a{sv}", 12, "id", "s", p->id, "uid", "s", p->party.uid, "name", "s",
                p->party.name, "device", "s", p->party.device, "muted", "b", (int)p->muted,
                "speaking", "b", (int)participant->media.speaking, "audio_node", "s",
                participant->media.audio_node, "video_paused", "b", (int)p->video_paused, "sharing",
                "b", (int)p->sharing, "video_node", "s", participant->media.video_node,
                "verification_code", "s", participant->media.verification_code, "not_verifiable",
                "s", participant->media.not_verifiable);
}
