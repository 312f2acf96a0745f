/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a notification says about a call, given what is known of the call and of the notification
 * server. Pure; notification.h puts it up.
 */

#include "popup-call.h"

typedef enum PopupKind {
        POPUP_NONE,
        POPUP_INCOMING, /* as long as it rings */
        POPUP_ONGOING,  /* quiet, as long as the call lasts */
        POPUP_MISSED,   /* until it is dismissed */
} PopupKind;

typedef enum PopupAction {
        POPUP_ACCEPT,
        POPUP_DECLINE,
        POPUP_SILENCE,
        POPUP_MUTE,
        POPUP_UNMUTE,
        POPUP_HANG_UP,
        POPUP_CALL_BACK,
        POPUP_ACTION_COUNT,
} PopupAction;

#define POPUP_ACTIONS_MAX 3

typedef enum PopupUrgency { /* the byte of the specification's urgency hint */
        POPUP_LOW,
        POPUP_NORMAL,
        POPUP_CRITICAL,
} PopupUrgency;

/* What the server can do (its capabilities), and whether tringd rings by itself. */
typedef struct PopupServer {
        bool actions, body_markup, persistence;
        bool tringd_rings;
} PopupServer;

typedef struct PopupContent {
        PopupKind kind;
        char *summary, *body; /* owned; body is escaped where the server reads markup */
        const char *icon, *category;
        PopupUrgency urgency;
        bool resident, suppress_sound;          /* none is transient, none expires */
        PopupAction actions[POPUP_ACTIONS_MAX]; /* none of them is ever keyed "default" */
        size_t n_actions;
} PopupContent;

void popup_content(const PopupCall *call, const PopupServer *server, PopupContent *ret);
void popup_content_done(PopupContent *content);
bool popup_content_equal(const PopupContent *a, const PopupContent *b);

/* The action's key on D-Bus, and its button for people. */
const char *popup_action_key(PopupAction action);
const char *popup_action_label(PopupAction action);
