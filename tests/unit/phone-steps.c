/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone-fixture.h"

/* Steps that many tests begin with: a call up to some stage, or a connection lost and made again.
 */

void placed(Fixture *fixture, const char *session_id)
{
        place(fixture, session_id);
        forget(fixture);
        reply_call(fixture, MESSAGE_INITIATE, outgoing(session_id, CALL_STATUS_INITIATED));
        forget(fixture);
}

void talking(Fixture *fixture, const char *session_id)
{
        CallSnapshot snapshot = outgoing(session_id, CALL_STATUS_ONGOING);

        placed(fixture, session_id);
        hub_says(fixture, MESSAGE_ACCEPTED, &snapshot);
        forget(fixture);
        reply_join(fixture, "alice-1");
        phone_worker_state(fixture->phone, &fixture->instant, session_id, SESSION_CONNECTED);
        forget(fixture);
}

void incoming_until(Fixture *fixture, const char *session_id, Stage stage)
{
        hub_rings(fixture, session_id);
        accept_by(fixture, session_id, PROGRAM);
        if (stage >= STAGE_JOINING) {
                forget(fixture);
                reply_call(fixture, MESSAGE_ACCEPT, incoming(session_id, CALL_STATUS_ONGOING));
        }
        if (stage == STAGE_TALKING) {
                forget(fixture);
                reply_join(fixture, NULL);
                phone_worker_state(fixture->phone, &fixture->instant, session_id,
                                   SESSION_CONNECTED);
        }
        forget(fixture);
}

void answered(Fixture *fixture, const char *session_id)
{
        incoming_until(fixture, session_id, STAGE_TALKING);
}

void rings_delivered(Fixture *fixture, const char *session_id)
{
        hub_rings(fixture, session_id);
        forget(fixture);
        reply_ok(fixture, MESSAGE_DELIVERED);
}

void reconnected(Fixture *fixture, const CallSnapshot *calls, size_t n_calls)
{
        hub_gone(fixture);
        forget(fixture);
        hub_welcomes(fixture, calls, n_calls, false);
}

CallStatus status_of(Fixture *fixture, const char *session_id)
{
        const PhoneCallInfo *call = phone_call_find(fixture->phone, session_id);

        ck_assert_ptr_nonnull(call);
        return call->stored.record.status;
}

const PhoneSession *session(Fixture *fixture, const char *session_id)
{
        const PhoneCallInfo *call = phone_call_find(fixture->phone, session_id);

        ck_assert_ptr_nonnull(call);
        ck_assert(call->has_session);
        return &call->stored.session;
}

SessionState session_of(Fixture *fixture, const char *session_id)
{
        return session(fixture, session_id)->state;
}
