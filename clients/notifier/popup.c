/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "popup.h"

#include "base/cleanup.h"

static const struct {
        const char *key, *label;
} actions[POPUP_ACTION_COUNT] = {
        [POPUP_ACCEPT] = {"accept", "Accept"},          [POPUP_DECLINE] = {"decline", "Decline"},
        [POPUP_SILENCE] = {"silence", "Silence"},       [POPUP_MUTE] = {"mute", "Mute"},
        [POPUP_UNMUTE] = {"unmute", "Unmute"},          [POPUP_HANG_UP] = {"hang-up", "Hang up"},
        [POPUP_CALL_BACK] = {"call-back", "Call back"},
};

const char *popup_action_key(PopupAction action)
{
        return actions[action].key;
}

const char *popup_action_label(PopupAction action)
{
        return actions[action].label;
}

/* Whether the call rang here, and was not answered or declined on any device. */
static bool is_missed(const PopupCall *call)
{
        if (!call->incoming || !call->was_presented)
                return false;
        return call->status == CALL_STATUS_MISSED ||
               (call->status == CALL_STATUS_CANCELLED &&
                (call->reason == CALL_REASON_CALLER_CANCELLED ||
                 call->reason == CALL_REASON_CALLER_LOST));
}

static PopupKind popup_kind(const PopupCall *call, const PopupServer *server)
{
        if (call->status == CALL_STATUS_INITIATED)
                return call->incoming && call->present && !call->silenced ? POPUP_INCOMING
                                                                          : POPUP_NONE;
        /* A server without persistence would hide the notification again soon: leave it out. */
        if (call->status == CALL_STATUS_ONGOING)
                return server->persistence && (call->was_presented || !call->incoming)
                               ? POPUP_ONGOING
                               : POPUP_NONE;
        return is_missed(call) ? POPUP_MISSED : POPUP_NONE;
}

static void add_action(PopupContent *content, const PopupServer *server, PopupAction action)
{
        if (server->actions && content->n_actions < POPUP_ACTIONS_MAX)
                content->actions[content->n_actions++] = action;
}

static void add_line(GString *body, const char *line)
{
        if (body->len > 0)
                g_string_append_c(body, '\n');
        g_string_append(body, line);
}

/* "Audio call", with the uid if the name differs from it: users choose their names freely. */
static GString *describe(const PopupCall *call)
{
        GString *body = g_string_new(call->video ? "Video call" : "Audio call");

        if (!str_eq(call->uid, call->name))
                g_string_append_printf(body, call->incoming ? " from %s" : " to %s", call->uid);
        return body;
}

static void describe_incoming(const PopupCall *call, const PopupServer *server,
                              PopupContent *content, GString *body)
{
        content->summary = g_strdup_printf("%s is calling", call->name);
        content->icon = "call-start";
        content->category = "call.incoming";
        content->urgency = POPUP_CRITICAL;
        content->resident = true;
        /* Servers that promise sound often play none, so suppress it in favour of tringd's ring. */
        content->suppress_sound = server->tringd_rings;
        add_action(content, server, POPUP_ACCEPT);
        add_action(content, server, POPUP_DECLINE);
        add_action(content, server, POPUP_SILENCE);
        if (!server->actions)
                add_line(body, "To answer: tringctl answer");
}

static void describe_ongoing(const PopupCall *call, const PopupServer *server,
                             PopupContent *content, GString *body)
{
        content->summary = g_strdup_printf("In a call with %s", call->name);
        content->icon = "call-start";
        content->category = "call";
        content->urgency = POPUP_LOW;
        content->resident = true;
        content->suppress_sound = true;
        if (call->muted)
                g_string_append(body, ", you are muted");
        add_action(content, server, call->muted ? POPUP_UNMUTE : POPUP_MUTE);
        add_action(content, server, POPUP_HANG_UP);
}

static void describe_missed(const PopupCall *call, const PopupServer *server, PopupContent *content,
                            GString *body)
{
        g_autoptr(GDateTime) date =
                g_date_time_new_from_unix_local(call->initiated_at / G_USEC_PER_SEC);
        g_autofree char *time = date ? g_date_time_format(date, " at %H:%M") : NULL;

        content->summary = g_strdup_printf("Missed call from %s", call->name);
        content->icon = "call-stop";
        content->category = "call.unanswered";
        content->urgency = POPUP_NORMAL;
        if (time && call->initiated_at > 0)
                g_string_append(body, time);
        add_action(content, server, POPUP_CALL_BACK);
}

void popup_content(const PopupCall *call, const PopupServer *server, PopupContent *ret)
{
        PopupContent content = {.kind = popup_kind(call, server)};
        GString *body = describe(call);

        switch (content.kind) {
        case POPUP_NONE:
                break;
        case POPUP_INCOMING:
                describe_incoming(call, server, &content, body);
                break;
        case POPUP_ONGOING:
                describe_ongoing(call, server, &content, body);
                break;
        case POPUP_MISSED:
                describe_missed(call, server, &content, body);
                break;
        }
        if (!str_empty(call->error))
                add_line(body, call->error);
        content.body =
                server->body_markup ? g_markup_escape_text(body->str, -1) : g_strdup(body->str);
        g_string_free(body, TRUE);
        *ret = content;
}

void popup_content_done(PopupContent *content)
{
        g_clear_pointer(&content->summary, g_free);
        g_clear_pointer(&content->body, g_free);
}

bool popup_content_equal(const PopupContent *a, const PopupContent *b)
{
        if (a->kind != b->kind || a->n_actions != b->n_actions)
                return false;
        for (size_t i = 0; i < a->n_actions; i++)
                if (a->actions[i] != b->actions[i])
                        return false;
        return str_eq(a->summary, b->summary) && str_eq(a->body, b->body);
}
