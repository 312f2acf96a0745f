/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/str.h"
#include "call-list.h"
#include "print.h"
#include "status.h"

static const CallChoice ringing = {call_rings_here, "no call is ringing here"};
static const CallChoice ongoing = {call_is_ongoing, "no call is ongoing here"};
static const CallChoice live = {call_can_be_hung_up, "there is no call here to hang up"};

/* Prints what was done to the call, or the new state of the call as JSON. */
static int print_done(sd_bus *bus, const Arguments *arguments, const cJSON *call, const char *done)
{
        _cleanup_json_ cJSON *now = NULL;
        char peer[PRINT_PERSON_MAX];

        if (!arguments->json) {
                printf("%s %s\n", done, print_peer(peer, call));
                return EXIT_DONE;
        }
        int code = call_list_fetch_one(bus, json_string(call, "path"), &now);
        return code == EXIT_DONE ? print_json(now) : code;
}

int verb_answer(sd_bus *bus, const Arguments *arguments)
{
        _cleanup_json_ cJSON *call = NULL;
        int code = call_list_choose(bus, arguments_word(arguments, 0), &ringing, &call);

        if (code != EXIT_DONE)
                return code;
        const char *path = json_string(call, "path");
        code = arguments->options & WITH_END_OTHERS
                       ? bus_call(bus, path, TRING_CALL, METHOD_ACCEPT, NULL, "a{sv}", 1,
                                  "end_others", "b", true)
                       : bus_call(bus, path, TRING_CALL, METHOD_ACCEPT, NULL, "a{sv}", 0);
        return code == EXIT_DONE ? print_done(bus, arguments, call, "answered") : code;
}

int verb_decline(sd_bus *bus, const Arguments *arguments)
{
        _cleanup_json_ cJSON *call = NULL;
        int code = call_list_choose(bus, arguments_word(arguments, 0), &ringing, &call);

        if (code != EXIT_DONE)
                return code;
        code = bus_call(bus, json_string(call, "path"), TRING_CALL, METHOD_REJECT, NULL, "s",
                        arguments->options & WITH_BUSY ? "busy" : "rejected");
        return code == EXIT_DONE ? print_done(bus, arguments, call, "declined") : code;
}

int verb_silence(sd_bus *bus, const Arguments *arguments)
{
        const char *wanted = arguments_word(arguments, 0);
        _cleanup_json_ cJSON *call = NULL;

        if (!wanted) {
                int code = bus_call(bus, TRING_PATH, TRING_MANAGER, METHOD_SILENCE_ALL, NULL, NULL);

                return code == EXIT_DONE && arguments->json ? status_print(bus, arguments) : code;
        }
        int code = call_list_choose(bus, wanted, &ringing, &call);
        if (code != EXIT_DONE)
                return code;
        code = bus_call(bus, json_string(call, "path"), TRING_CALL, METHOD_SILENCE, NULL, NULL);
        return code == EXIT_DONE ? print_done(bus, arguments, call, "silenced") : code;
}

int verb_hangup(sd_bus *bus, const Arguments *arguments)
{
        _cleanup_json_ cJSON *call = NULL;
        int code = call_list_choose(bus, arguments_word(arguments, 0), &live, &call);

        if (code != EXIT_DONE)
                return code;
        bool rings = str_eq(json_string(call, "status"), "initiated");
        code = bus_call(bus, json_string(call, "path"), TRING_CALL,
                        rings ? METHOD_CANCEL : METHOD_END, NULL, NULL);
        if (code != EXIT_DONE)
                return code;
        return print_done(bus, arguments, call, rings ? "cancelled the call to" : "hung up on");
}

/* Switches mute or camera of the session; `done` is printed before the peer's name. */
static int set_session(sd_bus *bus, const Arguments *arguments, const char *method, bool on,
                       const char *done)
{
        _cleanup_json_ cJSON *call = NULL;
        int code = call_list_choose(bus, arguments_word(arguments, 0), &ongoing, &call);

        if (code != EXIT_DONE)
                return code;
        code = bus_call(bus, json_string(call, "path"), TRING_SESSION, method, NULL, "b", on);
        if (code != EXIT_DONE)
                return code;
        return print_done(bus, arguments, call, done);
}

int verb_mute(sd_bus *bus, const Arguments *arguments)
{
        return set_session(bus, arguments, METHOD_SET_AUDIO_MUTED, true, "muted in the call with");
}

int verb_unmute(sd_bus *bus, const Arguments *arguments)
{
        return set_session(bus, arguments, METHOD_SET_AUDIO_MUTED, false,
                           "unmuted in the call with");
}

int verb_pause(sd_bus *bus, const Arguments *arguments)
{
        return set_session(bus, arguments, METHOD_SET_VIDEO_PAUSED, true,
                           "closed the camera in the call with");
}

int verb_unpause(sd_bus *bus, const Arguments *arguments)
{
        return set_session(bus, arguments, METHOD_SET_VIDEO_PAUSED, false,
                           "opened the camera in the call with");
}
