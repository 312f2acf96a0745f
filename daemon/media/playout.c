/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/playout.h"

#include <string.h>

#include "base/cleanup.h"

#define MS (PLAYOUT_RATE / 1000)
#define MARGIN (2 * MS)             /* above what the slow ones took: threads are late as well */
#define TOO_LATE (7 * MS)           /* above the target: worth a splice */
#define TOO_EARLY MS                /* below it */
#define SPLICE_EVERY (40 * MS)      /* so that it is not heard as a change of speed */
#define STALE (200 * MS)            /* above the target: nobody was there to play it; begin again */
#define OWED_MAX (100 * MS)         /* made up at most: a decoder has little to say beyond that */
#define LOST_MAX (100 * MS)         /* at once; what is more was not sent at all */
#define JUMP_MAX (2 * PLAYOUT_RATE) /* of timestamps; what is more is another clock's */
#define STEP (PLAYOUT_RATE / 400)   /* 2.5 ms: the decoder makes up multiples of it only */
#define FADE (5 * MS)               /* too quick to be heard as such, too slow to click */
#define DECAY 0.98f                 /* a sample: 5 ms to -40 dB */
#define SMOOTHING 16                /* reads that the level is smoothed over */
#define ALIKE 0.85f                 /* a splice that is not heard */
#define HARDLY_ALIKE 0.5f           /* one that is better than running dry */

void playout_init(Playout *playout, PlayoutDecoder decoder, void *userdata)
{
        *playout = (Playout){.decoder = decoder,
                             .userdata = userdata,
                             .position = SPLICE_MAX,
                             .end = SPLICE_MAX};
}

static int64_t in_samples(usec_t time)
{
        return (int64_t)(time * MS / USEC_PER_MSEC);
}

int64_t playout_target(const Playout *playout)
{
        int64_t wanted = playout->transit.spread + MARGIN;

        return MAX_OF(MIN_OF(wanted, (int64_t)PLAYOUT_TARGET_MAX), (int64_t)PLAYOUT_TARGET_MIN);
}

/* ---- packets ---- */

/* A packet's own time, unwrapped: within 12 hours of the last one's. */
static int64_t time_of(const Playout *playout, const PlayoutPacket *packet)
{
        return playout->time + (int32_t)(packet->timestamp - playout->timestamp);
}

static PlayoutPacket *earliest(Playout *playout)
{
        PlayoutPacket *found = NULL;

        for (size_t i = 0; i < PLAYOUT_WAITING_MAX; i++) {
                PlayoutPacket *packet = &playout->waiting[i];

                if (packet->length &&
                    (!found || time_of(playout, packet) < time_of(playout, found)))
                        found = packet;
        }
        return found;
}

/* Another sender, or a clock that was set: what was known of it is worth nothing now. */
static void begin_again(Playout *playout, const PlayoutPacket *packet)
{
        for (size_t i = 0; i < PLAYOUT_WAITING_MAX; i++)
                playout->waiting[i].length = 0;
        playout->transit = (Transit){};
        playout->playing = false;
        playout->heard = true;
        playout->source = packet->source;
        playout->timestamp = packet->timestamp;
}

static void store(Playout *playout, const PlayoutPacket *packet)
{
        PlayoutPacket *place = NULL;

        for (size_t i = 0; i < PLAYOUT_WAITING_MAX; i++) {
                PlayoutPacket *other = &playout->waiting[i];

                if (!other->length)
                        place = other;
                else if (other->timestamp == packet->timestamp)
                        return; /* it came twice */
        }
        if (!place)
                place = earliest(playout);
        memcpy(place, packet, offsetof(PlayoutPacket, data) + packet->length);
}

void playout_put(Playout *playout, const PlayoutPacket *packet)
{
        int32_t jump = (int32_t)(packet->timestamp - playout->timestamp);

        if (!playout->heard || packet->source != playout->source || jump > JUMP_MAX ||
            jump < -JUMP_MAX) {
                begin_again(playout, packet);
                jump = 0;
        }
        playout->time += jump;
        playout->timestamp = packet->timestamp;
        transit_add(&playout->transit, in_samples(packet->arrived) - playout->time);
        if (playout->playing && playout->time < playout->next)
                return;
        store(playout, packet);
}

/* ---- decoding ---- */

/* Room for the longest packet, with the past still there for a splice to go back to. */
static void make_room(Playout *playout)
{
        size_t drop = playout->position - SPLICE_MAX;

        if (playout->end + PLAYOUT_SPAN_MAX <= PLAYOUT_SAMPLES)
                return;
        memmove(playout->samples, playout->samples + drop,
                (playout->end - drop) * sizeof(*playout->samples));
        playout->position -= drop;
        playout->end -= drop;
}

/* As many samples as wanted come of it, whatever the decoder says. */
static void decode(Playout *playout, PlayoutDecoding decoding, const PlayoutPacket *packet,
                   size_t n)
{
        float *ret;
        int r;

        make_room(playout);
        ret = playout->samples + playout->end;
        r = playout->decoder(playout->userdata, decoding, packet, ret, n);
        for (size_t i = r > 0 ? (size_t)r : 0; i < n; i++)
                ret[i] = 0;
        playout->end += n;
}

/* Nothing is there: it may be late, or was never sent. */
static bool make_up(Playout *playout)
{
        if (playout->owed >= OWED_MAX)
                return false;
        decode(playout, PLAYOUT_CONCEAL, NULL, PLAYOUT_CHUNK);
        playout->owed += PLAYOUT_CHUNK;
        playout->counts.concealed += PLAYOUT_CHUNK;
        return true;
}

/* There is a later packet, which may tell of what is lost before it. */
static bool bridge(Playout *playout, const PlayoutPacket *packet, size_t lost)
{
        size_t n = lost - lost % STEP;

        if (lost > LOST_MAX)
                return false;
        playout->next += (int64_t)lost;
        if (n == 0)
                return true;
        decode(playout, PLAYOUT_RECOVER, packet, n);
        playout->counts.recovered += n;
        return true;
}

static void use(Playout *playout, PlayoutPacket *packet)
{
        decode(playout, PLAYOUT_DECODE, packet, packet->span);
        playout->next += packet->span;
        playout->owed = 0;
        packet->length = 0;
}

/* One step further; false: the sound is at its end for now. */
static bool decode_more(Playout *playout)
{
        PlayoutPacket *packet = earliest(playout);

        if (!packet)
                return make_up(playout);
        int64_t lost = time_of(playout, packet) - playout->next;

        if (lost < 0) { /* overlaps with what was played */
                packet->length = 0;
                return true;
        }
        size_t made_up = (size_t)MIN_OF(lost, (int64_t)playout->owed);

        /* What was made up while nothing came stands for what never came. */
        playout->next += (int64_t)made_up;
        playout->owed -= made_up;
        lost -= (int64_t)made_up;
        if (lost > 0)
                return bridge(playout, packet, (size_t)lost);
        use(playout, packet);
        return true;
}

static size_t pending(const Playout *playout)
{
        return playout->end - playout->position;
}

static bool fill(Playout *playout, size_t n)
{
        while (pending(playout) < n)
                if (!decode_more(playout))
                        return false;
        return true;
}

/* ---- beginning and end ---- */

/* How much later than the fastest could be played, with what a read asks for. */
static int64_t level_of(const Playout *playout, int64_t now, int64_t time, size_t n)
{
        return now - (time + (int64_t)n) - playout->transit.fastest;
}

/* What is due came when nobody was there to play it, but for the latest; NULL: nothing is due. */
static PlayoutPacket *latest_due(Playout *playout, int64_t now, size_t n)
{
        int64_t target = playout_target(playout);
        PlayoutPacket *found = NULL;

        for (size_t i = 0; i < PLAYOUT_WAITING_MAX; i++) {
                PlayoutPacket *packet = &playout->waiting[i];

                if (!packet->length || level_of(playout, now, time_of(playout, packet), n) < target)
                        continue;
                if (found && time_of(playout, packet) < time_of(playout, found)) {
                        packet->length = 0;
                        continue;
                }
                if (found)
                        found->length = 0;
                found = packet;
        }
        return found;
}

static void try_to_begin(Playout *playout, int64_t now, size_t n)
{
        PlayoutPacket *packet = latest_due(playout, now, n);

        if (!packet)
                return;
        memset(playout->samples, 0, SPLICE_MAX * sizeof(*playout->samples));
        playout->position = playout->end = SPLICE_MAX;
        playout->next = time_of(playout, packet);
        playout->level = level_of(playout, now, playout->next, n);
        playout->owed = 0;
        playout->since_splice = 0;
        playout->faded_in = 0;
        playout->playing = true;
}

/* What was heard last dies away. */
static void fade_out(Playout *playout, float *ret, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                playout->last *= DECAY;
                ret[i] = playout->last;
        }
}

static void hand_out(Playout *playout, float *ret, size_t n)
{
        memcpy(ret, playout->samples + playout->position, n * sizeof(*ret));
        for (size_t i = 0; i < n && playout->faded_in < FADE; i++)
                ret[i] *= (float)++playout->faded_in / FADE;
        playout->position += n;
        playout->since_splice += n;
        playout->counts.played += n;
        if (n > 0)
                playout->last = ret[n - 1];
}

/* ---- keeping to the target ---- */

/* Packets are there for so much more: splicing must not make up anything. */
static bool fill_from_packets(Playout *playout, size_t n)
{
        while (pending(playout) < n) {
                PlayoutPacket *packet = earliest(playout);

                if (!packet || time_of(playout, packet) != playout->next || playout->owed)
                        return false;
                use(playout, packet);
        }
        return true;
}

static void leave_out(Playout *playout, int64_t surplus)
{
        /* Not so much that it would have to be repeated again. */
        size_t max = MIN_OF((size_t)surplus + TOO_EARLY, (size_t)SPLICE_MAX), distance;
        float least = surplus > 4 * TOO_LATE ? HARDLY_ALIKE : ALIKE;

        if (!fill_from_packets(playout, max + SPLICE_OVERLAP))
                return;
        float *here = playout->samples + playout->position;

        distance = splice_find(here, false, max, least);
        if (distance == 0)
                return;
        splice_blend(here, here + distance, here);
        here += SPLICE_OVERLAP;
        memmove(here, here + distance,
                (pending(playout) - SPLICE_OVERLAP - distance) * sizeof(*here));
        playout->end -= distance;
        playout->level -= (int64_t)distance;
        playout->since_splice = 0;
        playout->counts.left_out++;
}

static void repeat(Playout *playout, int64_t missing)
{
        size_t max = MIN_OF((size_t)missing + TOO_LATE, (size_t)SPLICE_MAX), distance;
        float least = missing > 2 * TOO_LATE ? HARDLY_ALIKE : ALIKE, blended[SPLICE_OVERLAP];

        if (!fill_from_packets(playout, SPLICE_OVERLAP))
                return;
        make_room(playout);
        float *here = playout->samples + playout->position;

        distance = splice_find(here, true, max, least);
        if (distance == 0)
                return;
        splice_blend(here, here - distance, blended);
        memmove(here + SPLICE_OVERLAP, here - distance + SPLICE_OVERLAP,
                (pending(playout) + distance - SPLICE_OVERLAP) * sizeof(*here));
        memcpy(here, blended, sizeof(blended));
        playout->end += distance;
        playout->level += (int64_t)distance;
        playout->since_splice = 0;
        playout->counts.repeated++;
}

static void keep_to_target(Playout *playout, int64_t now, size_t n)
{
        int64_t time = playout->next - (int64_t)pending(playout);
        int64_t level = level_of(playout, now, time, n), target = playout_target(playout);

        if (level > target + STALE) {
                playout->playing = false;
                return;
        }
        playout->level += (level - playout->level) / SMOOTHING;
        if (playout->since_splice < SPLICE_EVERY)
                return;
        if (playout->level > target + TOO_LATE)
                leave_out(playout, playout->level - target);
        else if (playout->level < target - TOO_EARLY)
                repeat(playout, target - playout->level);
}

void playout_read(Playout *playout, usec_t now, float *ret, size_t n)
{
        if (!playout->playing)
                try_to_begin(playout, in_samples(now), n);
        if (playout->playing)
                keep_to_target(playout, in_samples(now), n);
        while (n > 0 && playout->playing) {
                size_t take = MIN_OF(n, (size_t)PLAYOUT_CHUNK);

                if (!fill(playout, take)) {
                        take = MIN_OF(take, pending(playout));
                        playout->playing = false;
                        playout->counts.gaps++;
                }
                hand_out(playout, ret, take);
                ret += take;
                n -= take;
        }
        fade_out(playout, ret, n);
}
