/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone/settle.h"

#include <utlist.h>

#include "phone/action.h"
#include "phone/alerting.h"
#include "phone/announce.h"
#include "phone/hub-send.h"
#include "phone/persist.h"
#include "phone/picture.h"

void phone_settle(Phone *phone)
{
        PhoneCall *call;

        phone_update_tone(phone);
        DL_FOREACH (phone->calls, call) {
                call_update_alerting(phone, call);
                pictures_await(phone, call);
        }
        phone_flush(phone);
        hub_request_pump(phone);
        phone_acknowledge(phone);
        phone_keep(phone);

        phone_shrink_reserve(phone);
}
