/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "model/rules.h"
#include "tringd/bus-objects.h"
#include "tringd/call-options.h"
#include "tringd/details.h"
#include "tringd/errors.h"
#include "tringd/options.h"

#define PARENT_WINDOW_MAX 127 /* bytes; the portals' handles have about 40 */

DEFINE_VALUE_GETTER(state, CallObject, session_state_to_string(object->call->stored.session.state))
DEFINE_VALUE_GETTER(audio_muted, CallObject, (int)phone_session_is_muted(object->call))
DEFINE_VALUE_GETTER(video_paused, CallObject, (int)phone_session_is_paused(object->call))
DEFINE_VALUE_GETTER(screen_sharing, CallObject, (int)object->call->screen_sharing)
DEFINE_VALUE_GETTER(verification_code, CallObject,
                    phone_session_code(&object->call->stored.session))

DEFINE_VALUE_GETTER(not_verifiable, CallObject,
                    phone_session_not_verifiable(&object->call->stored.session))

static int append_participants(sd_bus_message *reply, const PhoneSession *session)
{
        int r = sd_bus_message_open_container(reply, 'a', "a{sv}");

        for (size_t i = 0; r >= 0 && i < session->n_participants; i++)
                r = details_append_participant(reply, &session->participants[i]);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

DEFINE_GETTER(participants, CallObject, append_participants(reply, &object->call->stored.session))

static int method_generate_token(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const CallObject *object = userdata;
        PhoneCommand command = bus_object_command(object, PHONE_COMMAND_GENERATE_TOKEN);

        return daemon_command(object->daemon, message, &command, METHOD_REPLY_TOKEN);
}

static int method_join(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const CallObject *object = userdata;
        PhoneCommand command = bus_object_command(object, PHONE_COMMAND_JOIN);
        int r = session_settings_read(message, &command.settings, error);

        return r < 0 ? r : daemon_command(object->daemon, message, &command, METHOD_REPLY_EMPTY);
}

static int method_leave(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        return bus_object_method(message, userdata, PHONE_COMMAND_LEAVE);
}

static int method_switch(sd_bus_message *message, const CallObject *object, PhoneCommandType type)
{
        PhoneCommand command = bus_object_command(object, type);
        int on;
        int r = sd_bus_message_read(message, "b", &on);

        command.on = r > 0 && on;
        return r < 0 ? r : daemon_command(object->daemon, message, &command, METHOD_REPLY_EMPTY);
}

static int method_set_audio_muted(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        return method_switch(message, userdata, PHONE_COMMAND_MUTE);
}

static int method_set_video_paused(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        return method_switch(message, userdata, PHONE_COMMAND_PAUSE_VIDEO);
}

/* Makes the phone's check of commands for methods that go straight to the worker. */
static int check_has_media(const CallObject *object, sd_bus_error *error)
{
        const StoredCall *call = &object->call->stored;
        CallError wrong = CALL_ERROR_INVALID_TRANSITION;

        if (rules_method(call->record.direction, call->record.status, CALL_REASON_NONE,
                         CALL_METHOD_SESSION, call->answered_here, &wrong) != METHOD_DOES)
                return error_set(error, wrong, "this call has no media here: it %s",
                                 call_status_does(call->record.status));
        return 0;
}

static int method_start_screen_sharing(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const CallObject *object = userdata;
        const PhoneSession *session = &object->call->stored.session;
        char parent_window[PARENT_WINDOW_MAX + 1] = "";
        Option known[] = {
                {"parent_window", OPTION_TEXT, parent_window, sizeof(parent_window)},
        };
        int r = check_has_media(object, error);

        if (r >= 0)
                r = options_read(message, "option", known, ELEMENTSOF(known), error);
        if (r < 0)
                return r;
        if (!session_state_in_media(session->state))
                return error_set(error, CALL_ERROR_INVALID_TRANSITION,
                                 "cannot share a screen: the call's media are not joined");
        r = screens_start(object->daemon->screens, object->session_id, parent_window, message);
        if (r == -EBUSY)
                return error_set(error, CALL_ERROR_INVALID_TRANSITION,
                                 "a screen is shared in this call already, or is being picked");
        return r < 0 ? r : 1;
}

static int method_stop_screen_sharing(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        return bus_object_method(message, userdata, PHONE_COMMAND_STOP_SCREEN);
}

static int method_get_stats(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const CallObject *object = userdata;
        int r = check_has_media(object, error);

        if (r < 0)
                return r;
        r = workers_stats(object->daemon->workers, object->session_id, message);
        if (r == -ENOENT)
                return error_set(error, CALL_ERROR_MEDIA_FAILED,
                                 "this call has no media running here");
        if (r == -EBUSY)
                return error_set(error, CALL_ERROR_TOO_MANY,
                                 "more than %d requests for this call's statistics wait already",
                                 STATS_WAITING_MAX);
        return r < 0 ? r : 1;
}

const sd_bus_vtable session_vtable[] = {SESSION_VTABLE};
