/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/jitter-buffer.h"

#include <string.h>

#include "base/cleanup.h"

#define MS (JITTER_RATE / 1000)
#define MARGIN (2 * MS)              /* added to the spread, since threads are late as well */
#define TOO_LATE (7 * MS)            /* above the target: leave out a period */
#define TOO_EARLY MS                 /* below it */
#define TIME_STRETCH_EVERY (40 * MS) /* so that the change of speed is not heard */
#define STALE (200 * MS)    /* above the target: nobody was there to play it, so begin again */
#define OWED_MAX (100 * MS) /* concealed at most: a decoder has little to say beyond that */
#define LOST_MAX (100 * MS) /* lost at once; a longer gap was not sent at all */
#define JUMP_MAX (2 * JITTER_RATE) /* of timestamps; a larger jump means another clock */
#define STEP (JITTER_RATE / 400)   /* 2.5 ms: the decoder conceals multiples of it only */
#define FADE (5 * MS)              /* too quick to be heard as such, too slow to click */
#define DECAY 0.98f                /* a sample: 5 ms to -40 dB */
#define SMOOTHING 16               /* reads that the level is smoothed over */
#define ALIKE 0.85f                /* a splice that is not heard */
#define HARDLY_ALIKE 0.5f          /* one that is better than running dry */

void jitter_buffer_init(JitterBuffer *jitter, JitterDecoder decoder, void *userdata)
{
        *jitter = (JitterBuffer){.decoder = decoder,
                                 .userdata = userdata,
                                 .position = TIME_STRETCH_MAX,
                                 .end = TIME_STRETCH_MAX};
}

static int64_t in_samples(usec_t time)
{
        return (int64_t)(time * MS / USEC_PER_MSEC);
}

int64_t jitter_buffer_target(const JitterBuffer *jitter)
{
        int64_t wanted = jitter->delay.spread + MARGIN;

        return MAX_OF(MIN_OF(wanted, (int64_t)JITTER_TARGET_MAX), (int64_t)JITTER_TARGET_MIN);
}

/* ---- packets ---- */

/* The packet's time, unwrapped: within 12 hours of the last one's. */
static int64_t time_of(const JitterBuffer *jitter, const JitterPacket *packet)
{
        return jitter->time + (int32_t)(packet->timestamp - jitter->timestamp);
}

static JitterPacket *earliest(JitterBuffer *jitter)
{
        JitterPacket *found = NULL;

        for (size_t i = 0; i < JITTER_WAITING_MAX; i++) {
                JitterPacket *packet = &jitter->waiting[i];

                if (packet->length && (!found || time_of(jitter, packet) < time_of(jitter, found)))
                        found = packet;
        }
        return found;
}

/* Another sender, or a clock that was set: forget the old statistics. */
static void begin_again(JitterBuffer *jitter, const JitterPacket *packet)
{
        for (size_t i = 0; i < JITTER_WAITING_MAX; i++)
                jitter->waiting[i].length = 0;
        jitter->delay = (DelayEstimator){};
        jitter->playing = false;
        jitter->heard = true;
        jitter->source = packet->source;
        jitter->timestamp = packet->timestamp;
}

static void store(JitterBuffer *jitter, const JitterPacket *packet)
{
        JitterPacket *place = NULL;

        for (size_t i = 0; i < JITTER_WAITING_MAX; i++) {
                JitterPacket *other = &jitter->waiting[i];

                if (!other->length)
                        place = other;
                else if (other->timestamp == packet->timestamp)
                        return; /* a duplicate */
        }
        if (!place)
                place = earliest(jitter);
        memcpy(place, packet, offsetof(JitterPacket, data) + packet->length);
}

void jitter_buffer_put(JitterBuffer *jitter, const JitterPacket *packet)
{
        int32_t jump = (int32_t)(packet->timestamp - jitter->timestamp);

        if (!jitter->heard || packet->source != jitter->source || jump > JUMP_MAX ||
            jump < -JUMP_MAX) {
                begin_again(jitter, packet);
                jump = 0;
        }
        jitter->time += jump;
        jitter->timestamp = packet->timestamp;
        delay_estimator_add(&jitter->delay, in_samples(packet->arrived) - jitter->time);
        if (jitter->playing && jitter->time < jitter->next)
                return;
        store(jitter, packet);
}

/* ---- decoding ---- */

/* Makes room for the longest packet, and keeps the past that a splice goes back to. */
static void make_room(JitterBuffer *jitter)
{
        size_t drop = jitter->position - TIME_STRETCH_MAX;

        if (jitter->end + JITTER_SPAN_MAX <= JITTER_SAMPLES)
                return;
        memmove(jitter->samples, jitter->samples + drop,
                (jitter->end - drop) * sizeof(*jitter->samples));
        jitter->position -= drop;
        jitter->end -= drop;
}

/* Uses as many samples as wanted, whatever the decoder returned. */
static void decode(JitterBuffer *jitter, JitterDecoding decoding, const JitterPacket *packet,
                   size_t n)
{
        float *ret;
        int r;

        make_room(jitter);
        ret = jitter->samples + jitter->end;
        r = jitter->decoder(jitter->userdata, decoding, packet, ret, n);
        for (size_t i = r > 0 ? (size_t)r : 0; i < n; i++)
                ret[i] = 0;
        jitter->end += n;
}

/* No packet is there: it may be late, or was never sent. */
static bool make_up(JitterBuffer *jitter)
{
        if (jitter->owed >= OWED_MAX)
                return false;
        decode(jitter, JITTER_CONCEAL, NULL, JITTER_CHUNK);
        jitter->owed += JITTER_CHUNK;
        jitter->counts.concealed += JITTER_CHUNK;
        return true;
}

/* A later packet is there, which may describe the lost one. */
static bool bridge(JitterBuffer *jitter, const JitterPacket *packet, size_t lost)
{
        size_t n = lost - lost % STEP;

        if (lost > LOST_MAX)
                return false;
        jitter->next += (int64_t)lost;
        if (n == 0)
                return true;
        decode(jitter, JITTER_RECOVER, packet, n);
        jitter->counts.recovered += n;
        return true;
}

static void use(JitterBuffer *jitter, JitterPacket *packet)
{
        decode(jitter, JITTER_DECODE, packet, packet->span);
        jitter->next += packet->span;
        jitter->owed = 0;
        packet->length = 0;
}

/* Decodes one step further; false: the sound has ended for now. */
static bool decode_more(JitterBuffer *jitter)
{
        JitterPacket *packet = earliest(jitter);

        if (!packet)
                return make_up(jitter);
        int64_t lost = time_of(jitter, packet) - jitter->next;

        if (lost < 0) { /* overlaps with what was played */
                packet->length = 0;
                return true;
        }
        size_t made_up = (size_t)MIN_OF(lost, (int64_t)jitter->owed);

        /* Samples concealed while nothing came count as those that never came. */
        jitter->next += (int64_t)made_up;
        jitter->owed -= made_up;
        lost -= (int64_t)made_up;
        if (lost > 0)
                return bridge(jitter, packet, (size_t)lost);
        use(jitter, packet);
        return true;
}

static size_t pending(const JitterBuffer *jitter)
{
        return jitter->end - jitter->position;
}

static bool fill(JitterBuffer *jitter, size_t n)
{
        while (pending(jitter) < n)
                if (!decode_more(jitter))
                        return false;
        return true;
}

/* ---- beginning and end ---- */

/* How much later than the fastest packets it could play, with what a read asks for. */
static int64_t level_of(const JitterBuffer *jitter, int64_t now, int64_t time, size_t n)
{
        return now - (time + (int64_t)n) - jitter->delay.fastest;
}

/* Packets became due while nobody played: keeps the latest; NULL: nothing is due. */
static JitterPacket *latest_due(JitterBuffer *jitter, int64_t now, size_t n)
{
        int64_t target = jitter_buffer_target(jitter);
        JitterPacket *found = NULL;

        for (size_t i = 0; i < JITTER_WAITING_MAX; i++) {
                JitterPacket *packet = &jitter->waiting[i];

                if (!packet->length || level_of(jitter, now, time_of(jitter, packet), n) < target)
                        continue;
                if (found && time_of(jitter, packet) < time_of(jitter, found)) {
                        packet->length = 0;
                        continue;
                }
                if (found)
                        found->length = 0;
                found = packet;
        }
        return found;
}

static void try_to_begin(JitterBuffer *jitter, int64_t now, size_t n)
{
        JitterPacket *packet = latest_due(jitter, now, n);

        if (!packet)
                return;
        memset(jitter->samples, 0, TIME_STRETCH_MAX * sizeof(*jitter->samples));
        jitter->position = jitter->end = TIME_STRETCH_MAX;
        jitter->next = time_of(jitter, packet);
        jitter->level = level_of(jitter, now, jitter->next, n);
        jitter->owed = 0;
        jitter->since_splice = 0;
        jitter->faded_in = 0;
        jitter->playing = true;
}

/* What was heard last dies away. */
static void fade_out(JitterBuffer *jitter, float *ret, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                jitter->last *= DECAY;
                ret[i] = jitter->last;
        }
}

static void hand_out(JitterBuffer *jitter, float *ret, size_t n)
{
        memcpy(ret, jitter->samples + jitter->position, n * sizeof(*ret));
        for (size_t i = 0; i < n && jitter->faded_in < FADE; i++)
                ret[i] *= (float)++jitter->faded_in / FADE;
        jitter->position += n;
        jitter->since_splice += n;
        jitter->counts.played += n;
        if (n > 0)
                jitter->last = ret[n - 1];
}

/* ---- keeping to the target ---- */

/* Enough packets are there: a splice must not cause concealment. */
static bool fill_from_packets(JitterBuffer *jitter, size_t n)
{
        while (pending(jitter) < n) {
                JitterPacket *packet = earliest(jitter);

                if (!packet || time_of(jitter, packet) != jitter->next || jitter->owed)
                        return false;
                use(jitter, packet);
        }
        return true;
}

static void leave_out(JitterBuffer *jitter, int64_t surplus)
{
        /* Not so much that it would have to be repeated again. */
        size_t max = MIN_OF((size_t)surplus + TOO_EARLY, (size_t)TIME_STRETCH_MAX), distance;
        float least = surplus > 4 * TOO_LATE ? HARDLY_ALIKE : ALIKE;

        if (!fill_from_packets(jitter, max + TIME_STRETCH_OVERLAP))
                return;
        float *here = jitter->samples + jitter->position;

        distance = time_stretch_find(here, false, max, least);
        if (distance == 0)
                return;
        time_stretch_blend(here, here + distance, here);
        here += TIME_STRETCH_OVERLAP;
        memmove(here, here + distance,
                (pending(jitter) - TIME_STRETCH_OVERLAP - distance) * sizeof(*here));
        jitter->end -= distance;
        jitter->level -= (int64_t)distance;
        jitter->since_splice = 0;
        jitter->counts.left_out++;
}

static void repeat(JitterBuffer *jitter, int64_t missing)
{
        size_t max = MIN_OF((size_t)missing + TOO_LATE, (size_t)TIME_STRETCH_MAX), distance;
        float least = missing > 2 * TOO_LATE ? HARDLY_ALIKE : ALIKE, blended[TIME_STRETCH_OVERLAP];

        if (!fill_from_packets(jitter, TIME_STRETCH_OVERLAP))
                return;
        make_room(jitter);
        float *here = jitter->samples + jitter->position;

        distance = time_stretch_find(here, true, max, least);
        if (distance == 0)
                return;
        time_stretch_blend(here, here - distance, blended);
        memmove(here + TIME_STRETCH_OVERLAP, here - distance + TIME_STRETCH_OVERLAP,
                (pending(jitter) + distance - TIME_STRETCH_OVERLAP) * sizeof(*here));
        memcpy(here, blended, sizeof(blended));
        jitter->end += distance;
        jitter->level += (int64_t)distance;
        jitter->since_splice = 0;
        jitter->counts.repeated++;
}

static void keep_to_target(JitterBuffer *jitter, int64_t now, size_t n)
{
        int64_t time = jitter->next - (int64_t)pending(jitter);
        int64_t level = level_of(jitter, now, time, n), target = jitter_buffer_target(jitter);

        if (level > target + STALE) {
                jitter->playing = false;
                return;
        }
        jitter->level += (level - jitter->level) / SMOOTHING;
        if (jitter->since_splice < TIME_STRETCH_EVERY)
                return;
        if (jitter->level > target + TOO_LATE)
                leave_out(jitter, jitter->level - target);
        else if (jitter->level < target - TOO_EARLY)
                repeat(jitter, target - jitter->level);
}

void jitter_buffer_read(JitterBuffer *jitter, usec_t now, float *ret, size_t n)
{
        if (!jitter->playing)
                try_to_begin(jitter, in_samples(now), n);
        if (jitter->playing)
                keep_to_target(jitter, in_samples(now), n);
        while (n > 0 && jitter->playing) {
                size_t take = MIN_OF(n, (size_t)JITTER_CHUNK);

                if (!fill(jitter, take)) {
                        take = MIN_OF(take, pending(jitter));
                        jitter->playing = false;
                        jitter->counts.gaps++;
                }
                hand_out(jitter, ret, take);
                ret += take;
                n -= take;
        }
        fade_out(jitter, ret, n);
}
