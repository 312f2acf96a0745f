/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <stdlib.h>

#include "sim.h"

/* The laws of the final state: everything works, everybody has hung up, and time has passed. */

static void judge_rest(World *world)
{
        const HubParty *hub = &world->hub;
        const PhoneCallInfo *call;

        if (!hub->up || exchange_n_calls(hub->exchange) > 0 || hub->disk.calls)
                law_broken(world, LAW_NOTHING_LIVES_ON, "the hub has %zu calls, its disk %s",
                           hub->up ? exchange_n_calls(hub->exchange) : 0,
                           hub->disk.calls ? hub->disk.calls->session_id : "none");
        for (unsigned h = 0; h < world->n_handsets; h++) {
                Handset *handset = &world->handsets[h];

                if (phone_connection(handset->phone, NULL) != PHONE_ONLINE &&
                    !hub->disk.removed[handset->user])
                        law_broken(world,
                                   handset->refused_at == USEC_NEVER ? LAW_NOTHING_LIVES_ON
                                                                     : LAW_REFUSED,
                                   "%s is not online", handset_name(handset));
                for (size_t i = 0; (call = phone_call_at(handset->phone, i)); i++)
                        law_broken(world, LAW_NOTHING_LIVES_ON, "%s has call %s, %s",
                                   handset_name(handset), call->stored.record.session_id,
                                   call_status_to_string(call->stored.record.status));
                if (handset->workers || handset->tone != PHONE_TONE_NONE)
                        law_broken(world, LAW_NOTHING_LIVES_ON, "%s has a worker or a tone",
                                   handset_name(handset));
        }
}

static bool record_same(const CallRecord *a, const CallRecord *b)
{
        return a->direction == b->direction && a->type == b->type && a->status == b->status &&
               str_eq(a->reason, b->reason) && a->initiated_at == b->initiated_at &&
               a->answered_at == b->answered_at && a->ended_at == b->ended_at &&
               a->duration_s == b->duration_s && a->seen == b->seen &&
               str_eq(a->initiator.uid, b->initiator.uid) &&
               str_eq(a->receiver.uid, b->receiver.uid) &&
               str_eq(a->receiver.device, b->receiver.device);
}

static void print_record(char text[static TEXT_MAX / 3], const CallRecord *record)
{
        snprintf(text, TEXT_MAX / 3, "%s %s %s %lu %lu %u %s", record->session_id,
                 call_status_to_string(record->status), record->reason,
                 (unsigned long)record->answered_at, (unsigned long)record->ended_at,
                 record->duration_s, record->seen ? "seen" : "unseen");
}

static void judge_history(World *world, Handset *handset)
{
        const Shelf *hub = &world->hub.disk.history;
        char here[TEXT_MAX / 3], there[TEXT_MAX / 3];

        handset_write_history(handset);
        for (size_t i = 0; i < hub->n; i++) {
                const Filed *filed = &hub->filed[i];
                const Filed *own = shelf_find(&handset->history, "", filed->record.session_id);

                if (filed->pruned || !str_eq(filed->uid, handset_uid(handset)))
                        continue;
                if (filed->forgotten ? !own : own && record_same(&own->record, &filed->record))
                        continue;
                print_record(there, &filed->record);
                if (own)
                        print_record(here, &own->record);
                law_broken(world, LAW_HISTORY_SAME, "%s has: %s; the hub: %s%s",
                           handset_name(handset), own ? here : "nothing", there,
                           filed->forgotten ? " (deleted)" : "");
        }
        for (size_t i = 0; i < handset->history.n; i++) {
                const CallRecord *record = &handset->history.filed[i].record;

                /*
                 * A ring that the hub lost before storing it is known only to the devices that it
                 * reached.
                 */
                if (case_of(world, record->session_id)->known &&
                    !shelf_find(hub, handset_uid(handset), record->session_id))
                        law_broken(world, LAW_HISTORY_SAME, "%s has call %s, the hub has not",
                                   handset_name(handset), record->session_id);
        }
}

static void judge_settings(World *world, const Handset *handset)
{
        const Disk *disk = &world->hub.disk;
        const GroupName *group;
        const char *uid;
        unsigned n_groups = 0, n_blocked = 0, n = 0;

        for (unsigned g = 0; g < world->weather.groups; g++)
                n += hub_has_member(world, g, handset->user);
        for (size_t i = 0; (group = phone_group_at(handset->phone, i)); i++)
                n_groups += hub_has_member(world, (unsigned)atoi(group->guid + strlen("group-")),
                                           handset->user);
        if (n_groups != n || phone_group_at(handset->phone, n))
                law_broken(world, LAW_SETTINGS_SAME, "%s is in %u of %u groups",
                           handset_name(handset), n_groups, n);
        n = 0;
        for (unsigned user = 0; user < world->weather.users; user++)
                n += disk->blocked[handset->user][user];
        for (size_t i = 0; (uid = phone_blocked_at(handset->phone, i)); i++)
                n_blocked += disk->blocked[handset->user][user_number(uid)];
        if (n_blocked != n || phone_blocked_at(handset->phone, n) ||
            phone_when_busy(handset->phone) != disk->when_busy[handset->user] ||
            !str_eq(phone_who_may_ring(handset->phone),
                    who_may_ring_to_string(disk->who_may_ring[handset->user])))
                law_broken(world, LAW_SETTINGS_SAME,
                           "%s blocks %u of %u users, or is busy otherwise, or lets %s ring",
                           handset_name(handset), n_blocked, n, phone_who_may_ring(handset->phone));
}

static void judge_case(World *world, const Case *the_case)
{
        const Part *caller = &the_case->parts[the_case->caller->user];
        bool any_ended = false;

        if (case_is_excused(world, the_case))
                return;
        for (unsigned u = 0; the_case->known && u < world->weather.users; u++) {
                const Part *part = &the_case->parts[u];

                if ((part == caller || part->is_member) && !part->is_logged)
                        law_broken(world, LAW_ALL_AGREE,
                                   "call %u was stored and user-%u has no "
                                   "record of it",
                                   the_case->number, u);
                any_ended = any_ended || (part->is_member && part->logged == CALL_STATUS_ENDED);
        }
        if (the_case->known && any_ended != (caller->logged == CALL_STATUS_ENDED))
                law_broken(world, LAW_STATUSES_MATCH, "call %u: %s for the caller, and %s answered",
                           the_case->number, call_status_to_string(caller->logged),
                           any_ended ? "somebody" : "nobody");
}

void laws_at_the_end(World *world)
{
        judge_rest(world);
        for (unsigned h = 0; h < world->n_handsets; h++) {
                if (world->hub.disk.removed[world->handsets[h].user])
                        continue;
                judge_history(world, &world->handsets[h]);
                judge_settings(world, &world->handsets[h]);
        }
        for (unsigned i = 0; i < world->n_cases; i++)
                judge_case(world, &world->cases[i]);
}
