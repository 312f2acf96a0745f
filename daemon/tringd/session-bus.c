/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "model/rules.h"
#include "tringd/bus-objects.h"
#include "tringd/call-options.h"
#include "tringd/details.h"
#include "tringd/errors.h"
#include "tringd/options.h"

#define PARENT_WINDOW_MAX 127 /* bytes; the portals' handles have about 40 */

DEFINE_CALL_GETTER(get_state, "s", session_state_to_string(call->stored.session.state))
DEFINE_CALL_GETTER(get_audio_muted, "b", (int)call->stored.session.audio_muted)
DEFINE_CALL_GETTER(get_video_paused, "b", (int)call->stored.session.video_paused)
DEFINE_CALL_GETTER(get_screen_sharing, "b", (int)call->screen_sharing)
DEFINE_CALL_GETTER(get_verification_code, "s", phone_session_code(&call->stored.session))

static int get_participants(sd_bus *bus, const char *path, const char *interface,
                            const char *property, sd_bus_message *reply, void *userdata,
                            sd_bus_error *error)
{
        const PhoneSession *session = &((const CallObject *)userdata)->call->stored.session;
        int r = sd_bus_message_open_container(reply, 'a', "a{sv}");

        for (size_t i = 0; r >= 0 && i < session->n_participants; i++)
                r = details_append_participant(reply, &session->participants[i]);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int method_generate_token(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const CallObject *object = userdata;
        PhoneCommand command;
        int r = bus_object_command(object, PHONE_COMMAND_GENERATE_TOKEN, &command);

        return r < 0 ? r : daemon_command(object->daemon, message, &command, REQUEST_REPLY_TOKEN);
}

static int method_join(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const CallObject *object = userdata;
        PhoneCommand command;
        int r = bus_object_command(object, PHONE_COMMAND_JOIN, &command);

        if (r >= 0)
                r = session_settings_read(message, &command.settings, error);
        return r < 0 ? r : daemon_command(object->daemon, message, &command, REQUEST_REPLY_EMPTY);
}

static int method_leave(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const CallObject *object = userdata;
        PhoneCommand command;
        int r = bus_object_command(object, PHONE_COMMAND_LEAVE, &command);

        return r < 0 ? r : daemon_command(object->daemon, message, &command, REQUEST_REPLY_EMPTY);
}

static int method_switch(sd_bus_message *message, const CallObject *object, PhoneCommandType type)
{
        PhoneCommand command;
        int on;
        int r = bus_object_command(object, type, &command);

        if (r >= 0)
                r = sd_bus_message_read(message, "b", &on);
        if (r < 0)
                return r;
        command.on = on;
        return daemon_command(object->daemon, message, &command, REQUEST_REPLY_EMPTY);
}

static int method_set_audio_muted(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        return method_switch(message, userdata, PHONE_COMMAND_MUTE);
}

static int method_set_video_paused(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        return method_switch(message, userdata, PHONE_COMMAND_PAUSE_VIDEO);
}

/*
 * The check that the phone makes for its commands, for methods that only the worker carries out.
 */
static int check_has_media(const PhoneCallInfo *call, sd_bus_error *error)
{
        CallError wrong = CALL_ERROR_INVALID_TRANSITION;

        if (rules_method(call->stored.record.direction, call->stored.record.status,
                         CALL_REASON_NONE, CALL_METHOD_SESSION, call->stored.answered_here,
                         &wrong) != METHOD_DOES)
                return error_set(error, wrong, "call %s is '%s': it has no media",
                                 call->stored.record.session_id,
                                 call_status_to_string(call->stored.record.status));
        return 0;
}

static bool is_in_media(const PhoneSession *session)
{
        return session->state == SESSION_JOINING || session->state == SESSION_CONNECTED ||
               session->state == SESSION_RECONNECTING;
}

static int method_start_screen_sharing(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const CallObject *object = userdata;
        const PhoneCallInfo *call = object->call;
        char parent_window[PARENT_WINDOW_MAX + 1] = "";
        Option known[] = {
                {"parent_window", OPTION_TEXT, parent_window, sizeof(parent_window)},
        };
        int r = check_has_media(call, error);

        if (r >= 0)
                r = options_read(message, "option", known, ELEMENTSOF(known), error);
        if (r < 0)
                return r;
        if (!is_in_media(&call->stored.session))
                return error_set(error, CALL_ERROR_INVALID_TRANSITION,
                                 "the session of call %s is %s: nobody would see a screen",
                                 call->stored.record.session_id,
                                 session_state_to_string(call->stored.session.state));
        r = screens_start(object->daemon->screens, call->stored.record.session_id, parent_window,
                          message);
        if (r == -EBUSY)
                return error_set(error, CALL_ERROR_INVALID_TRANSITION,
                                 "a screen is shared in call %s already, or is being picked",
                                 call->stored.record.session_id);
        return r < 0 ? r : 1;
}

static int method_stop_screen_sharing(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const CallObject *object = userdata;
        const PhoneCallInfo *call = object->call;
        int r = check_has_media(call, error);

        if (r < 0)
                return r;
        screens_stop(object->daemon->screens, call->stored.record.session_id);
        return sd_bus_reply_method_return(message, NULL);
}

static int method_get_stats(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const CallObject *object = userdata;
        const PhoneCallInfo *call = object->call;
        int r = check_has_media(call, error);

        if (r < 0)
                return r;
        r = workers_stats(object->daemon->workers, call->stored.record.session_id, message);
        if (r == -ENOENT)
                return error_set(error, CALL_ERROR_MEDIA_FAILED, "no media of call %s runs here",
                                 call->stored.record.session_id);
        if (r == -EBUSY)
                return error_set(error, CALL_ERROR_TOO_MANY,
                                 "more than %d GetStats of call %s wait already", STATS_WAITING_MAX,
                                 call->stored.record.session_id);
        return r < 0 ? r : 1;
}

const sd_bus_vtable session_vtable[] = {
        SD_BUS_VTABLE_START(0),

        SD_BUS_PROPERTY("State", "s", get_state, 0, CHANGES),
        SD_BUS_PROPERTY("AudioMuted", "b", get_audio_muted, 0, CHANGES),
        SD_BUS_PROPERTY("VideoPaused", "b", get_video_paused, 0, CHANGES),
        SD_BUS_PROPERTY("ScreenSharing", "b", get_screen_sharing, 0, CHANGES),
        SD_BUS_PROPERTY("Participants", "aa{sv}", get_participants, 0, CHANGES),
        SD_BUS_PROPERTY("VerificationCode", "s", get_verification_code, 0, CHANGES),

        SD_BUS_METHOD_WITH_ARGS("GenerateToken", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", token),
                                method_generate_token, ANYBODY | SD_BUS_VTABLE_SENSITIVE),
        SD_BUS_METHOD_WITH_ARGS("Join", SD_BUS_ARGS("a{sv}", settings), SD_BUS_NO_RESULT,
                                method_join, ANYBODY),
        SD_BUS_METHOD_WITH_ARGS("Leave", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_leave, ANYBODY),
        SD_BUS_METHOD_WITH_ARGS("SetAudioMuted", SD_BUS_ARGS("b", muted), SD_BUS_NO_RESULT,
                                method_set_audio_muted, ANYBODY),
        SD_BUS_METHOD_WITH_ARGS("SetVideoPaused", SD_BUS_ARGS("b", paused), SD_BUS_NO_RESULT,
                                method_set_video_paused, ANYBODY),
        SD_BUS_METHOD_WITH_ARGS("StartScreenSharing", SD_BUS_ARGS("a{sv}", options),
                                SD_BUS_NO_RESULT, method_start_screen_sharing, ANYBODY),
        SD_BUS_METHOD_WITH_ARGS("StopScreenSharing", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT,
                                method_stop_screen_sharing, ANYBODY),
        SD_BUS_METHOD_WITH_ARGS("GetStats", SD_BUS_NO_ARGS, SD_BUS_RESULT("a{sv}", stats),
                                method_get_stats, ANYBODY),

        SD_BUS_SIGNAL_WITH_ARGS("UserJoined", SD_BUS_ARGS("a{sv}", participant), 0),
        SD_BUS_SIGNAL_WITH_ARGS("UserLeft", SD_BUS_ARGS("a{sv}", participant), 0),
        SD_BUS_SIGNAL_WITH_ARGS("ParticipantChanged", SD_BUS_ARGS("a{sv}", participant), 0),
        SD_BUS_SIGNAL_WITH_ARGS("Error", SD_BUS_ARGS("s", name, "s", message), 0),

        SD_BUS_VTABLE_END,
};
