/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/call-options.h"

#include <errno.h>
#include <limits.h>

#include "base/str.h"
#include "tringd/errors.h"
#include "tringd/options.h"

#define WORD_SIZE 32 /* bytes; the API's statuses and types have at most 10 */

int call_type_read(const char *what, const char *word, CallType *ret, sd_bus_error *error)
{
        if (call_type_from_string(word, ret) < 0)
                return error_invalid(error, what, word, "is neither 'audio' nor 'video'");
        return 0;
}

int receiver_type_read(const char *what, const char *word, ReceiverType *ret, sd_bus_error *error)
{
        if (receiver_type_from_string(word, ret) < 0)
                return error_invalid(error, what, word, "is neither 'user' nor 'group'");
        return 0;
}

int session_id_read(const char *session_id, char ret[static UUID_LENGTH + 1], sd_bus_error *error)
{
        if (!uuid_is_valid(session_id))
                return error_invalid(error, "session_id", session_id, "is not a lower-case UUID");
        memcpy(ret, session_id, UUID_LENGTH + 1);
        return 0;
}

int session_settings_read(sd_bus_message *message, void *target, sd_bus_error *error)
{
        SessionSettings *settings = target;
        char type[WORD_SIZE];
        Option known[] = {
                {"type", OPTION_TEXT, type, sizeof(type)},
                {"start_audio_muted", OPTION_BOOL, &settings->start_audio_muted},
                {"start_video_paused", OPTION_BOOL, &settings->start_video_paused},
                {"microphone", OPTION_TEXT, settings->microphone, sizeof(settings->microphone)},
                {"speaker", OPTION_TEXT, settings->speaker, sizeof(settings->speaker)},
                {"camera", OPTION_TEXT, settings->camera, sizeof(settings->camera)},
        };
        int r = options_read(message, "setting", known, ELEMENTSOF(known), error);

        if (r < 0 || !known[0].given)
                return r;
        r = call_type_read("setting 'type':", type, &settings->type, error);
        if (r < 0)
                return r;
        settings->has_type = true;
        return 0;
}

int accept_options_read(sd_bus_message *message, PhoneCommand *command, sd_bus_error *error)
{
        MessageAccept *request = &command->accept.request;
        CallType type;
        char word[WORD_SIZE];
        Option known[] = {
                {"call_type", OPTION_TEXT, word, sizeof(word)},
                {"join", OPTION_BOOL, &request->join},
                {"end_others", OPTION_BOOL, &request->end_others},
                {"parallel", OPTION_BOOL, &request->parallel},
                {"session", OPTION_DICT, &command->accept.settings, 0, session_settings_read},
        };

        request->join = true;
        int r = options_read(message, "option", known, ELEMENTSOF(known), error);
        if (r < 0 || !known[0].given)
                return r;
        r = call_type_read("option 'call_type':", word, &type, error);
        if (r < 0)
                return r;
        request->as_audio = type == CALL_TYPE_AUDIO;
        return 0;
}

static int read_metadata_entry(sd_bus_message *message, Metadata *metadata, sd_bus_error *error)
{
        const char *key, *contents, *value;
        int r = sd_bus_message_read(message, "s", &key);

        if (r < 0)
                return r;
        r = sd_bus_message_peek_type(message, NULL, &contents);
        if (r < 0)
                return r;
        if (!str_eq(contents, "s"))
                return error_invalid(error, "metadata", key, "is not a string (s)");
        r = sd_bus_message_read(message, "v", "s", &value);
        if (r < 0)
                return r;

        switch (metadata_add(metadata, key, value)) {
        case 0:
                return 0;
        case -E2BIG:
                return error_invalid(error, "metadata", key,
                                     "does not fit: 16 entries with keys of 1 to 64 bytes and "
                                     "values of at most 1024 bytes");
        case -EEXIST:
                return error_invalid(error, "metadata", key, "is given twice");
        case -EINVAL:
                return error_invalid(error, "metadata", key, "has control characters in it");
        default:
                return -ENOMEM;
        }
}

static int read_metadata(sd_bus_message *message, void *target, sd_bus_error *error)
{
        int r = sd_bus_message_enter_container(message, 'a', "{sv}");

        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
                r = read_metadata_entry(message, target, error);
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(message);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(message);
}

int initiate_options_read(sd_bus_message *message, PhoneCommand *command, sd_bus_error *error)
{
        MessageInitiate *request = &command->initiate.request;
        int64_t timeout = 0;
        Option known[] = {
                {"timeout", OPTION_NUMBER, &timeout},
                {"join", OPTION_BOOL, &request->join},
                {"parallel", OPTION_BOOL, &request->parallel},
                {"tie_to_client", OPTION_BOOL, &command->initiate.tie_to_client},
                {"tie_ring_to_client", OPTION_BOOL, &command->initiate.tie_ring_to_client},
                {"session", OPTION_DICT, &command->initiate.settings, 0, session_settings_read},
                {"metadata", OPTION_DICT, &request->metadata, 0, read_metadata},
        };

        request->join = true;
        int r = options_read(message, "option", known, ELEMENTSOF(known), error);
        if (r < 0)
                return r;
        /* 0 or less means the default; the hub clamps the others to its limits. */
        request->timeout_s = (int)CLAMP_TO(timeout, 0, INT_MAX);
        return 0;
}
