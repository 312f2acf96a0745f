/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The media of a call: joining, leaving, mute and camera, the worker.
 */

#include "phone/state.h"

void session_set_state(Phone *phone, PhoneCall *call, SessionState state);
void session_choose_video_again(Phone *phone, PhoneCall *call); /* likewise, and announces it */
void session_show_screen(Phone *phone, PhoneCall *call, bool on);
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
void session_mute(Phone *phone, PhoneCall *call, bool on);
void session_pause_video(Phone *phone, PhoneCall *call, bool on);
/* The worker shows a screen, or no longer. */
void session_set_screen(Phone *phone, PhoneCall *call, bool on);
