/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The content of a call's notification, made from the state of the call and the capabilities of the
 * notification server. Pure; notification.h shows it.
 */

#include "popup-call.h"

typedef enum PopupKind {
        POPUP_NONE,
        POPUP_INCOMING, /* while the call rings */
        POPUP_ONGOING,  /* quiet, while the call lasts */
        POPUP_MISSED,   /* until dismissed */
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

typedef enum PopupUrgency { /* values of the specification's urgency hint */
        POPUP_LOW,
        POPUP_NORMAL,
        POPUP_CRITICAL,
} PopupUrgency;

/* The capabilities of the server, and whether tringd itself rings audibly. */
typedef struct PopupServer {
        bool actions, body_markup, persistence;
        bool tringd_rings;
} PopupServer;

typedef struct PopupContent {
        PopupKind kind;
        char *summary, *body; /* owned; the body is escaped if the server reads markup */
        const char *icon, *category;
        PopupUrgency urgency;
        bool resident, suppress_sound;          /* hints of the specification */
        PopupAction actions[POPUP_ACTIONS_MAX]; /* none has the key "default" */
        size_t n_actions;
} PopupContent;

void popup_content(const PopupCall *call, const PopupServer *server, PopupContent *ret);
void popup_content_done(PopupContent *content);
bool popup_content_equal(const PopupContent *a, const PopupContent *b);

/* The action's key on D-Bus, and the label of its button. */
const char *popup_action_key(PopupAction action);
const char *popup_action_label(PopupAction action);
