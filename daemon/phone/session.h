/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The media of a call: joining, leaving, mute and camera, the worker.
 */

#include "phone/state.h"

typedef enum SessionSwitch {
        SESSION_SWITCH_MUTE,
        SESSION_SWITCH_PAUSE,  /* the camera */
        SESSION_SWITCH_SCREEN, /* a shared screen */
} SessionSwitch;

void session_set_state(Phone *phone, PhoneCall *call, SessionState state);
/* Pauses the camera or not, as the settings and the type of the call want it to start. */
void session_choose_video(Phone *phone, PhoneCall *call);
void session_warm(Phone *phone, PhoneCall *call);
/*
 * Asks the hub to let this device join, with `request` (taken out of its list) or a new one. The
 * device leaves the media of its other calls first.
 */
void session_begin(Phone *phone, PhoneCall *call, const char *join_token, HubRequest *request);
/* Begins the media again, after asking for a join token. */
void session_renew(Phone *phone, PhoneCall *call);
/* Ends the media here, and their worker. */
void session_close(Phone *phone, PhoneCall *call);
/* Takes the hub's reply to the join. Returns 0, -ENOMEM, or CALL_ERROR_MEDIA_FAILED. */
int session_joined(Phone *phone, PhoneCall *call, const ReplyJoin *reply);
void session_fail(Phone *phone, PhoneCall *call, CallError error, const char *text);
void session_report_flows(Phone *phone,
                          PhoneCall *call); /* reports to the hub whether media flow */
/* Announces it, orders the worker to do it, and reports it to the other participants. */
void session_switch(Phone *phone, PhoneCall *call, SessionSwitch which, bool on);
/*
 * The same, as the worker reports it. A microphone or camera that is open and should not be is
 * closed again: nobody who thinks they are muted is heard.
 */
void session_switch_reported(Phone *phone, PhoneCall *call, SessionSwitch which, bool on);
void session_screen_gone(Phone *phone, PhoneCall *call); /* with its worker */
