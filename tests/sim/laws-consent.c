/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim.h"

/*
 * Rule 22: what the person at a device has asked for, as far as commands tell it, and nothing that
 * goes beyond it. Also holds where the hub lies.
 */

static Agreed *agreed_of(Handset *handset, const char *session_id)
{
        unsigned number = str_empty(session_id) ? CASES_MAX : case_number(session_id);

        return number < CASES_MAX ? &handset->world->agreed[number][handset->index] : NULL;
}

static void agree(Agreed *agreed, bool joins, CallType type)
{
        agreed->join |= joins;
        agreed->microphone |= joins;
        agreed->video |= type == CALL_TYPE_VIDEO;
        agreed->camera |= joins && type == CALL_TYPE_VIDEO;
}

static void agree_also(Agreed *agreed, const Agreed *more)
{
        agreed->join |= more->join;
        agreed->microphone |= more->microphone;
        agreed->video |= more->video;
        agreed->camera |= more->camera;
}

void laws_see_agreed(Handset *handset, const PhoneCommand *command)
{
        const PhoneCallInfo *call = phone_call_find(handset->phone, command->session_id);
        Agreed *agreed = agreed_of(handset, command->session_id);
        bool ongoing = call && call->stored.record.status == CALL_STATUS_ONGOING;
        /* What lowers has no effect on a session that was left. */
        bool in_media = ongoing && session_state_in_media(call->stored.session.state);

        if (!agreed)
                return;
        switch (command->type) {
        case PHONE_COMMAND_INITIATE:
                agree(agreed, command->initiate.request.join, command->initiate.request.type);
                break;
        case PHONE_COMMAND_ACCEPT:
                agree(agreed, command->accept.request.join,
                      call && !command->accept.request.as_audio ? call->stored.record.type
                                                                : CALL_TYPE_AUDIO);
                break;
        case PHONE_COMMAND_JOIN:
                if (ongoing && !in_media) /* else it is refused, and changes nothing */
                        *agreed = (Agreed){true, true, agreed->video, agreed->video};
                break;
        case PHONE_COMMAND_LEAVE:
                if (in_media)
                        agreed->join = false;
                break;
        case PHONE_COMMAND_MUTE:
                if (!command->on || in_media)
                        agreed->microphone = !command->on;
                break;
        case PHONE_COMMAND_PAUSE_VIDEO:
                if (!command->on || in_media)
                        agreed->camera = !command->on;
                break;
        default:
                break;
        }
}

void laws_see_merged_here(Handset *handset, const char *asked, const char *got)
{
        Agreed *agreed = agreed_of(handset, asked), *other = agreed_of(handset, got);

        if (agreed && other && other != agreed)
                agree_also(other, agreed);
}

/* Whether a call placed by the device to the receiver of `placed` may have become this one. */
static bool is_same_peer(const Handset *handset, const Case *placed, const Case *other)
{
        return placed->is_group ? str_eq(placed->receiver, other->receiver)
                                : str_eq(placed->receiver, handset_uid(other->caller)) &&
                                          str_eq(other->receiver, handset_uid(handset));
}

void laws_see_replaced(Handset *handset, const char *session_id)
{
        World *world = handset->world;
        const Case *placed = case_of(world, session_id);

        for (unsigned i = 0; placed && i < world->n_cases; i++) {
                const Case *other = &world->cases[i];

                if (other != placed && is_same_peer(handset, placed, other))
                        agree_also(&world->agreed[i][handset->index],
                                   &world->agreed[placed->number][handset->index]);
        }
}

static void judge(Handset *handset, const PhoneAction *action, bool allowed, const char *what)
{
        if (!allowed)
                law_broken(handset->world, LAW_CONSENT, "%s %s in call %s, and nobody asked for it",
                           handset_name(handset), what, action->session_id);
}

static void judge_join(Handset *handset, const PhoneAction *action, bool muted, bool paused)
{
        const Agreed *agreed = agreed_of(handset, action->session_id);

        judge(handset, action, agreed && agreed->join, "joins the media");
        judge(handset, action, agreed && (muted || agreed->microphone), "opens the microphone");
        judge(handset, action, agreed && (paused || agreed->camera), "opens the camera");
}

void laws_see_opened(Handset *handset, const PhoneAction *action)
{
        const Agreed *agreed = agreed_of(handset, action->session_id);

        switch (action->type) {
        case PHONE_SEND:
                if (action->message.type == MESSAGE_JOIN)
                        judge_join(handset, action, action->message.join.muted,
                                   action->message.join.video_paused);
                break;
        case PHONE_WORKER_JOIN:
                judge_join(handset, action, action->join.muted, action->join.video_paused);
                break;
        case PHONE_WORKER_MUTE:
                judge(handset, action, action->on || (agreed && agreed->microphone),
                      "opens the microphone");
                break;
        case PHONE_WORKER_PAUSE:
                judge(handset, action, action->on || (agreed && agreed->camera),
                      "opens the camera");
                break;
        default:
                break;
        }
}
