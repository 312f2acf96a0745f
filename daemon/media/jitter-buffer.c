/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/jitter-buffer.h"

#include <string.h>

#include "base/cleanup.h"
#include "media/fade.h"

#define MS (JITTER_RATE / 1000)
#define MARGIN (2 * MS)            /* added to the spread, since threads run late, too */
#define TOO_LATE (7 * MS)          /* above the target: leave out a period */
#define TOO_EARLY MS               /* below the target: repeat a period */
#define STRETCH_EVERY (40 * MS)    /* no more often: the change of speed would be heard */
#define STALE (200 * MS)           /* above the target: the reader had stopped, so begin again */
#define OWED_MAX (100 * MS)        /* most concealed in a row: a decoder guesses badly after it */
#define LOST_MAX (100 * MS)        /* the longest loss to fill; in a longer gap, nothing was sent */
#define JUMP_MAX (2 * JITTER_RATE) /* of timestamps; a larger jump means another clock */
#define STEP (JITTER_RATE / 400)   /* 2.5 ms: the decoder conceals only multiples of it */
#define DECAY 0.98f                /* factor per sample: -40 dB after 5 ms */
#define SMOOTHING 16               /* reads that the level is smoothed over */
#define ALIKE 0.85f                /* likeness at which a stretch is not heard */
#define HARDLY_ALIKE 0.5f          /* likeness accepted when playback is far off the target */

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

/* Unwraps the packet's timestamp, which must be within 12 hours of the last packet's. */
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

/* Begins with another sender, or another clock: drops the old packets and statistics. */
static void begin_again(JitterBuffer *jitter, const JitterPacket *packet)
{
        for (size_t i = 0; i < JITTER_WAITING_MAX; i++)
                jitter->waiting[i].length = 0;
        jitter->delay = (DelayEstimator){};
        jitter->playing = false;
        jitter->started = true;
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

        if (!jitter->started || packet->source != jitter->source || jump > JUMP_MAX ||
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

/* Makes room for the longest packet, and keeps the played samples that a stretch can repeat. */
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

/* Appends exactly `n` samples: zeros replace those that the decoder does not return. */
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

/* Fills the gap before a later packet, which may carry the lost one. False: the gap is too long. */
static bool recover(JitterBuffer *jitter, const JitterPacket *packet, size_t lost)
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

static void decode_packet(JitterBuffer *jitter, JitterPacket *packet)
{
        decode(jitter, JITTER_DECODE, packet, packet->span);
        jitter->next += packet->span;
        jitter->owed = 0;
        packet->length = 0;
}

/* Decodes or conceals one more step. False: the sound has ended for now. */
static bool decode_more(JitterBuffer *jitter)
{
        JitterPacket *packet = earliest(jitter);

        if (!packet) { /* the next one is late, or was never sent */
                if (jitter->owed >= OWED_MAX)
                        return false;
                decode(jitter, JITTER_CONCEAL, NULL, JITTER_CHUNK);
                jitter->owed += JITTER_CHUNK;
                jitter->counts.concealed += JITTER_CHUNK;
                return true;
        }
        int64_t lost = time_of(jitter, packet) - jitter->next;

        if (lost < 0) { /* overlaps with what was played */
                packet->length = 0;
                return true;
        }
        /* Samples that were concealed while no packet came already replace lost ones. */
        size_t concealed = (size_t)MIN_OF(lost, (int64_t)jitter->owed);

        jitter->next += (int64_t)concealed;
        jitter->owed -= concealed;
        lost -= (int64_t)concealed;
        if (lost > 0)
                return recover(jitter, packet, (size_t)lost);
        decode_packet(jitter, packet);
        return true;
}

static size_t pending(const JitterBuffer *jitter)
{
        return jitter->end - jitter->position;
}

/* ---- beginning and end ---- */

/* Returns the delay behind the fastest packets if a read at `now` takes `n` samples from `time`. */
static int64_t level_of(const JitterBuffer *jitter, int64_t now, int64_t time, size_t n)
{
        return now - (time + (int64_t)n) - jitter->delay.fastest;
}

/* Returns the latest packet that became due while nothing was played, and drops earlier ones. */
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
        jitter->since_stretch = 0;
        jitter->faded_in = 0;
        jitter->playing = true;
}

/* ---- keeping to the target ---- */

/*
 * Decodes until `n` samples are pending, from packets alone: a stretch must not cause concealment.
 * Returns false if packets are missing.
 */
static bool decode_from_packets(JitterBuffer *jitter, size_t n)
{
        while (pending(jitter) < n) {
                JitterPacket *packet = earliest(jitter);

                if (!packet || time_of(jitter, packet) != jitter->next || jitter->owed)
                        return false;
                decode_packet(jitter, packet);
        }
        return true;
}

/*
 * Leaves out a period of the voice if playback is late, or repeats one if it is early, but never so
 * much that the opposite has to follow. `excess`: samples later than the target; negative: earlier.
 */
static void stretch(JitterBuffer *jitter, int64_t excess)
{
        bool back = excess < 0;
        size_t max = (size_t)MIN_OF(back ? TOO_LATE - excess : excess + TOO_EARLY,
                                    (int64_t)TIME_STRETCH_MAX);
        float least = excess > 4 * TOO_LATE || excess < -2 * TOO_LATE ? HARDLY_ALIKE : ALIKE;
        float blended[TIME_STRETCH_OVERLAP];

        if (!decode_from_packets(jitter, TIME_STRETCH_OVERLAP + (back ? 0 : max)))
                return;
        make_room(jitter);

        float *here = jitter->samples + jitter->position;
        int64_t shift = (int64_t)time_stretch_find(here, back, max, least);

        if (shift == 0)
                return;
        if (!back)
                shift = -shift;
        time_stretch_blend(here, here - shift, blended);
        jitter->end += (size_t)shift;
        memmove(here + TIME_STRETCH_OVERLAP, here - shift + TIME_STRETCH_OVERLAP,
                (pending(jitter) - TIME_STRETCH_OVERLAP) * sizeof(*here));
        memcpy(here, blended, sizeof(blended));
        jitter->level += shift;
        jitter->since_stretch = 0;
        if (back)
                jitter->counts.repeated++;
        else
                jitter->counts.left_out++;
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
        if (jitter->since_stretch >= STRETCH_EVERY &&
            (jitter->level > target + TOO_LATE || jitter->level < target - TOO_EARLY))
                stretch(jitter, jitter->level - target);
}

void jitter_buffer_read(JitterBuffer *jitter, usec_t now, float *ret, size_t n)
{
        if (!jitter->playing)
                try_to_begin(jitter, in_samples(now), n);
        if (jitter->playing)
                keep_to_target(jitter, in_samples(now), n);
        while (n > 0 && jitter->playing) {
                size_t take = MIN_OF(n, (size_t)JITTER_CHUNK);

                while (jitter->playing && pending(jitter) < take)
                        jitter->playing = decode_more(jitter);
                if (!jitter->playing) {
                        take = MIN_OF(take, pending(jitter));
                        jitter->counts.gaps++;
                }
                memcpy(ret, jitter->samples + jitter->position, take * sizeof(*ret));
                fade_in_blocks(ret, take, &jitter->faded_in);
                jitter->position += take;
                jitter->since_stretch += take;
                jitter->counts.played += take;
                if (take > 0)
                        jitter->last = ret[take - 1];
                ret += take;
                n -= take;
        }
        /* The last sample dies away. */
        for (size_t i = 0; i < n; i++) {
                jitter->last *= DECAY;
                ret[i] = jitter->last;
        }
}
