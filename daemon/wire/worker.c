/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/worker.h"

#include "base/words.h"
#include "wire/messages.h"
#include "wire/wire.h"

#define R FIELD_REQUIRED

static const JsonLimits worker_limits = {WORKER_MESSAGE_MAX, WIRE_NESTING_MAX, WIRE_MEMBERS_MAX,
                                         WIRE_VALUES_MAX};

static const char *const type_words[WORKER_MESSAGE_TYPE_COUNT] = {
        [WORKER_JOIN] = "join",
        [WORKER_PARTICIPANT_JOINED] = "participant-joined",
        [WORKER_PARTICIPANT_LEFT] = "participant-left",
        [WORKER_SIGNAL_IN] = "signal-in",
        [WORKER_DEVICES] = "devices",
        [WORKER_RELAYS] = "relays",
        [WORKER_MUTE] = "mute",
        [WORKER_VIDEO_PAUSE] = "video-pause",
        [WORKER_SCREEN_START] = "screen-start",
        [WORKER_SCREEN_STOP] = "screen-stop",
        [WORKER_NETWORK_CHANGED] = "network-changed",
        [WORKER_LEAVE] = "leave",
        [WORKER_STATS_REQUEST] = "stats-request",
        [WORKER_PING] = "ping",
        [WORKER_PIPEWIRE] = "pipewire",
        [WORKER_QUIT] = "quit",
        [WORKER_STATE] = "state",
        [WORKER_SIGNAL_OUT] = "signal-out",
        [WORKER_PARTICIPANT] = "participant",
        [WORKER_SCREEN] = "screen",
        [WORKER_MICROPHONE] = "microphone",
        [WORKER_ERROR] = "error",
        [WORKER_STATS] = "stats",
        [WORKER_PONG] = "pong",
        [WORKER_PIPEWIRE_WANTED] = "pipewire-wanted",
        [WORKER_LOG] = "log",
        [WORKER_REALTIME_WANTED] = "realtime-wanted",
};

static DEFINE_WORDS_TO_STRING(worker_type, WorkerMessageType, type_words);

static int worker_type_from_string(const char *s, WorkerMessageType *ret)
{
        int r = words_find(type_words, ELEMENTSOF(type_words), s);

        if (r < 0)
                return r;
        *ret = (WorkerMessageType)r;
        return 0;
}

static const char *const echo_cancel_words[] = {
        [ECHO_CANCEL_AUTO] = "auto",
        [ECHO_CANCEL_YES] = "yes",
        [ECHO_CANCEL_NO] = "no",
};
DEFINE_WORDS(echo_cancel, EchoCancel, echo_cancel_words);

static const FieldWords echo_words = {"\"auto\", \"yes\" or \"no\"", echo_cancel_to_string,
                                      echo_cancel_from_string};
static const FieldWords worker_type_words = {"a message's type", worker_type_to_string,
                                             worker_type_from_string};
static const FieldWords session_state_words = {"a session's state", session_state_to_string,
                                               session_state_from_string};

static const FieldTable type_fields = FIELD_TABLE(
        "message", {"type", FIELD_WORD, R, AT(WorkerMessage, type), .words = &worker_type_words});

#define WORKER_TABLE(name, ...) \
        FIELD_TABLE(name, {NULL, FIELD_FLAT, .table = &type_fields}, __VA_ARGS__)

static const FieldTable device_fields = FIELD_TABLE(
        "devices", {"microphone", FIELD_TEXT, 0, AT(WorkerDevices, microphone)},
        {"speaker", FIELD_TEXT, 0, AT(WorkerDevices, speaker)},
        {"camera", FIELD_TEXT, 0, AT(WorkerDevices, camera)},
        {"echo_cancel", FIELD_WORD, 0, AT(WorkerDevices, echo_cancel), .words = &echo_words});

static const FieldTable unverified_fields =
        FIELD_TABLE("unverified", {"id", FIELD_UID, R, AT(WorkerUnverified, id)});

static const FieldTable join_fields = WORKER_TABLE(
        "join", {NULL, FIELD_FLAT, 0, AT(WorkerMessage, join.reply), .table = &join_reply_fields},
        {"muted", FIELD_BOOL, 0, AT(WorkerMessage, join.muted)},
        {"video", FIELD_BOOL, 0, AT(WorkerMessage, join.video)},
        {"video_paused", FIELD_BOOL, 0, AT(WorkerMessage, join.video_paused)},
        {"relay_only", FIELD_BOOL, 0, AT(WorkerMessage, join.relay_only)},
        {"title", FIELD_TEXT, 0, AT(WorkerMessage, join.title)},
        {"unverified", FIELD_LIST, 0, LIST_AT(WorkerMessage, join.unverified, join.n_unverified),
         .max = PARTICIPANTS_MAX, .table = &unverified_fields},
        {NULL, FIELD_FLAT, 0, AT(WorkerMessage, join.devices), .table = &device_fields});

static const FieldTable devices_fields = WORKER_TABLE(
        "devices", {NULL, FIELD_FLAT, 0, AT(WorkerMessage, devices), .table = &device_fields});

static const FieldTable other_fields =
        WORKER_TABLE("participant",
                     {"participant", FIELD_OBJECT, R, AT(WorkerMessage, participant),
                      .table = &participant_fields},
                     {"unverified", FIELD_BOOL, 0, AT(WorkerMessage, unverified)});

static const FieldTable worker_signal_fields = WORKER_TABLE(
        "signal", {NULL, FIELD_FLAT, 0, AT(WorkerMessage, signal), .table = &signal_fields});

static const FieldTable relays_fields = WORKER_TABLE(
        "relays", {NULL, FIELD_FLAT, 0, AT(WorkerMessage, relays), .table = &relays_reply_fields});

static const FieldTable mute_fields =
        WORKER_TABLE("mute", {"on", FIELD_BOOL, R, AT(WorkerMessage, on)});

static const FieldTable video_pause_fields =
        WORKER_TABLE("video-pause", {"on", FIELD_BOOL, R, AT(WorkerMessage, on)});

static const FieldTable screen_start_fields =
        WORKER_TABLE("screen-start", {"node", FIELD_U32, R, AT(WorkerMessage, node)});

static const FieldTable log_line_fields =
        WORKER_TABLE("log", {"level", FIELD_U32, R, AT(WorkerMessage, line.level)},
                     {"text", FIELD_TEXT, R, AT(WorkerMessage, line.text)},
                     {"fields", FIELD_METADATA, 0, AT(WorkerMessage, line.fields)});

static const FieldTable realtime_wanted_fields =
        WORKER_TABLE("realtime-wanted", {"thread", FIELD_U32, R, AT(WorkerMessage, thread)});

static const FieldTable screen_fields =
        WORKER_TABLE("screen", {"on", FIELD_BOOL, R, AT(WorkerMessage, on)});

static const FieldTable microphone_fields =
        WORKER_TABLE("microphone", {"on", FIELD_BOOL, R, AT(WorkerMessage, on)});

static const FieldTable ping_fields =
        WORKER_TABLE("ping", {"serial", FIELD_U64, R, AT(WorkerMessage, serial)});

static const FieldTable pong_fields =
        WORKER_TABLE("pong", {"serial", FIELD_U64, R, AT(WorkerMessage, serial)});

static const FieldTable stats_request_fields =
        WORKER_TABLE("stats-request", {"serial", FIELD_U64, R, AT(WorkerMessage, serial)});

static const FieldTable state_fields = WORKER_TABLE(
        "state", {"state", FIELD_WORD, R, AT(WorkerMessage, state), .words = &session_state_words});

static const FieldTable status_fields = WORKER_TABLE(
        "participant", {"id", FIELD_UID, R, AT(WorkerMessage, status.id)},
        {"connected", FIELD_BOOL, R, AT(WorkerMessage, status.media.connected)},
        {"speaking", FIELD_BOOL, R, AT(WorkerMessage, status.media.speaking)},
        {"picture", FIELD_BOOL, 0, AT(WorkerMessage, status.media.picture)},
        {"audio_node", FIELD_TEXT, 0, AT(WorkerMessage, status.media.audio_node)},
        {"video_node", FIELD_TEXT, 0, AT(WorkerMessage, status.media.video_node)},
        {"verification_code", FIELD_TEXT, 0, AT(WorkerMessage, status.media.verification_code)},
        {"not_verifiable", FIELD_TEXT, 0, AT(WorkerMessage, status.media.not_verifiable)});

static const FieldTable error_fields = WORKER_TABLE(
        "error", {"error", FIELD_WORD, R, AT(WorkerMessage, error), .words = &call_error_words},
        {"text", FIELD_TEXT, R, AT(WorkerMessage, text)});

static const FieldTable participant_stats_fields = FIELD_TABLE(
        "stats", {"id", FIELD_UID, R, AT(WorkerParticipantStats, id)},
        {"codec", FIELD_TEXT, 0, AT(WorkerParticipantStats, codec)},
        {"round_trip_ms", FIELD_DOUBLE, 0, AT(WorkerParticipantStats, round_trip_ms)},
        {"jitter_ms", FIELD_DOUBLE, 0, AT(WorkerParticipantStats, jitter_ms)},
        {"mouth_to_ear_ms", FIELD_DOUBLE, 0, AT(WorkerParticipantStats, mouth_to_ear_ms)},
        {"loss", FIELD_DOUBLE, 0, AT(WorkerParticipantStats, loss)},
        {"bitrate_in", FIELD_U32, 0, AT(WorkerParticipantStats, bitrate_in)},
        {"bitrate_out", FIELD_U32, 0, AT(WorkerParticipantStats, bitrate_out)},
        {"video_codec", FIELD_TEXT, 0, AT(WorkerParticipantStats, video_codec)},
        {"video_bitrate_in", FIELD_U32, 0, AT(WorkerParticipantStats, video_bitrate_in)},
        {"video_bitrate_out", FIELD_U32, 0, AT(WorkerParticipantStats, video_bitrate_out)},
        {"width", FIELD_U32, 0, AT(WorkerParticipantStats, width)},
        {"height", FIELD_U32, 0, AT(WorkerParticipantStats, height)},
        {"frames_per_second", FIELD_DOUBLE, 0, AT(WorkerParticipantStats, frames_per_second)});

static const FieldTable stats_fields =
        WORKER_TABLE("stats", {"serial", FIELD_U64, R, AT(WorkerMessage, serial)},
                     {"participants", FIELD_LIST, 0,
                      LIST_AT(WorkerMessage, stats.participants, stats.n_participants),
                      .max = PARTICIPANTS_MAX, .table = &participant_stats_fields});

static const FieldTable *const worker_tables[WORKER_MESSAGE_TYPE_COUNT] = {
        [WORKER_JOIN] = &join_fields,
        [WORKER_PARTICIPANT_JOINED] = &other_fields,
        [WORKER_PARTICIPANT_LEFT] = &other_fields,
        [WORKER_SIGNAL_IN] = &worker_signal_fields,
        [WORKER_DEVICES] = &devices_fields,
        [WORKER_RELAYS] = &relays_fields,
        [WORKER_MUTE] = &mute_fields,
        [WORKER_VIDEO_PAUSE] = &video_pause_fields,
        [WORKER_SCREEN_START] = &screen_start_fields,
        [WORKER_SCREEN_STOP] = &type_fields,
        [WORKER_NETWORK_CHANGED] = &type_fields,
        [WORKER_LEAVE] = &type_fields,
        [WORKER_STATS_REQUEST] = &stats_request_fields,
        [WORKER_PING] = &ping_fields,
        [WORKER_PIPEWIRE] = &type_fields,
        [WORKER_QUIT] = &type_fields,
        [WORKER_STATE] = &state_fields,
        [WORKER_SIGNAL_OUT] = &worker_signal_fields,
        [WORKER_PARTICIPANT] = &status_fields,
        [WORKER_SCREEN] = &screen_fields,
        [WORKER_MICROPHONE] = &microphone_fields,
        [WORKER_ERROR] = &error_fields,
        [WORKER_STATS] = &stats_fields,
        [WORKER_PONG] = &pong_fields,
        [WORKER_PIPEWIRE_WANTED] = &type_fields,
        [WORKER_LOG] = &log_line_fields,
        [WORKER_REALTIME_WANTED] = &realtime_wanted_fields,
};

/* Reads the type first, because it determines the other members. */
int worker_decode(const char *json, size_t length, WorkerMessage *ret,
                  char text[static MESSAGE_TEXT_MAX + 1])
{
        const FieldReader reader = {.strict = true, .text = text}, type_reader = {.text = text};
        _cleanup_(cJSON_Deletep) cJSON *root = NULL;
        _cleanup_(worker_message_done) WorkerMessage message = {0};
        int r = json_parse(json, length, &worker_limits, &root, text);

        if (r < 0)
                return r == -EMSGSIZE ? -EBADMSG : r;
        r = cJSON_IsObject(root) ? fields_read(&type_reader, &type_fields, root, &message)
                                 : field_refuse(&reader, "a message must be an object");
        if (r >= 0)
                r = fields_read(&reader, worker_tables[message.type], root, &message);
        if (r < 0)
                return r;
        *ret = message;
        message = (WorkerMessage){0};
        return 0;
}

int worker_encode(const WorkerMessage *message, char **ret, size_t *ret_length)
{
        assert(worker_tables[message->type]);
        return fields_encode(worker_tables[message->type], message, 0, WORKER_MESSAGE_MAX, ret,
                             ret_length);
}

void worker_message_done(WorkerMessage *message)
{
        if (worker_tables[message->type])
                fields_done(worker_tables[message->type], message);
        *message = (WorkerMessage){0};
}
