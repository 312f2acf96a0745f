/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The verification code, with the vectors in tests/data/media/, and against attackers in the
 * middle.
 */

#include "media/verification.h"

#include <errno.h>
#include <stdio.h>

#include "base/str.h"
#include "suite.h"
#include "wire/json-tree.h"

#define ALICE "AA:" REST
#define BOB "BB:" REST
#define MALLORY "CC:" REST
#define REST                                                                                      \
        "01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:" \
        "1E:1F"
#define OFFER(fingerprint) signal_with(MEDIA_SIGNAL_OFFER, fingerprint)
#define ANSWER(fingerprint) signal_with(MEDIA_SIGNAL_ANSWER, fingerprint)

static char text[MESSAGE_TEXT_MAX + 1];

/* The text stays valid until some more have been made. */
static MediaSignal signal_with(MediaSignalType type, const char *fingerprint)
{
        static char texts[8][256];
        static size_t next;
        char *sdp = texts[next++ % ELEMENTSOF(texts)];

        snprintf(sdp, sizeof(texts[0]), "v=0\r\na=fingerprint:sha-256 %s\r\nm=audio\r\n",
                 fingerprint);
        return (MediaSignal){.type = type, .text = sdp, .connection = 1};
}

static Verification one(bool offers, uint8_t random)
{
        uint8_t nonce[VERIFICATION_NONCE_SIZE] = {random, 7};
        Verification verification;

        verification_init(&verification, offers, nonce);
        return verification;
}

static void take(Verification *verification, MediaSignal signal)
{
        ck_assert_int_eq(verification_take(verification, &signal, text), 0);
}

static MediaSignal sent(Verification *verification, MediaSignal signal)
{
        verification_send(verification, &signal);
        return signal;
}

static MediaSignal opened(Verification *verification)
{
        MediaSignal signal;

        ck_assert(verification_open(verification, &signal));
        return signal;
}

static const char *code(const Verification *verification)
{
        static char codes[4][VERIFICATION_CODE_LENGTH + 1];
        static size_t next;
        char *ret = codes[next++ % ELEMENTSOF(codes)];

        verification_code(verification, ret);
        return ret;
}

START_TEST(both_see_the_same)
{
        Verification offering = one(true, 1), answering = one(false, 2);
        MediaSignal again;

        take(&answering, sent(&offering, OFFER(ALICE)));
        ck_assert_str_eq(code(&answering), "");
        take(&offering, sent(&answering, ANSWER(BOB)));
        ck_assert_str_eq(code(&answering), "");
        take(&answering, opened(&offering));
        ck_assert_uint_eq(strlen(code(&answering)), VERIFICATION_CODE_LENGTH);
        ck_assert_str_eq(code(&answering), code(&offering));
        ck_assert(!verification_open(&offering, &again));
        ck_assert(!verification_open(&answering, &again));
}
END_TEST

START_TEST(later_descriptions_change_nothing)
{
        Verification offering = one(true, 1), answering = one(false, 2);
        MediaSignal offer;

        take(&answering, sent(&offering, OFFER(ALICE)));
        take(&offering, sent(&answering, ANSWER(BOB)));
        take(&answering, opened(&offering));
        const char *before = code(&answering);
        offer = sent(&offering, OFFER(ALICE));
        ck_assert_str_eq(offer.commitment, "");
        take(&answering, offer);
        take(&offering, sent(&answering, ANSWER(BOB)));
        ck_assert_str_eq(code(&answering), before);
        ck_assert_str_eq(code(&offering), before);
}
END_TEST

START_TEST(other_certificate_is_refused)
{
        Verification offering = one(true, 1), answering = one(false, 2);
        MediaSignal forged = ANSWER(MALLORY);

        take(&answering, sent(&offering, OFFER(ALICE)));
        take(&offering, sent(&answering, ANSWER(BOB)));
        ck_assert_int_eq(verification_take(&offering, &forged, text), -EPERM);
        ck_assert_ptr_nonnull(strstr(text, "another certificate"));
        take(&offering, sent(&answering, ANSWER(BOB)));
}
END_TEST

START_TEST(swapped_certificates_make_other_codes)
{
        Verification offering = one(true, 1), answering = one(false, 2);
        MediaSignal offer = sent(&offering, OFFER(ALICE)), answer, forged = OFFER(MALLORY);

        STR_SET(forged.commitment, offer.commitment);
        take(&answering, forged);
        answer = sent(&answering, ANSWER(BOB));
        forged = ANSWER(MALLORY);
        STR_SET(forged.nonce, answer.nonce);
        take(&offering, forged);
        take(&answering, opened(&offering));
        ck_assert_str_ne(code(&answering), "");
        ck_assert_str_ne(code(&answering), code(&offering));
}
END_TEST

START_TEST(nonce_that_was_not_committed_to_is_refused)
{
        Verification offering = one(true, 1), answering = one(false, 2), other = one(true, 3);
        MediaSignal nonce;

        take(&answering, sent(&offering, OFFER(ALICE)));
        take(&offering, sent(&answering, ANSWER(BOB)));
        nonce = opened(&offering);
        STR_SET(nonce.nonce, other.own_hex);
        ck_assert_int_eq(verification_take(&answering, &nonce, text), -EPERM);
        ck_assert_ptr_nonnull(strstr(text, "committed"));
        ck_assert_str_eq(code(&answering), "");
}
END_TEST

/* A participant that has not sent its own nonce must not get ours. */
START_TEST(nonce_out_of_turn_is_refused)
{
        Verification offering = one(true, 1), answering = one(false, 2);
        MediaSignal nonce = {.type = MEDIA_SIGNAL_NONCE};

        STR_SET(nonce.nonce, offering.own_hex);
        ck_assert_int_eq(verification_take(&answering, &nonce, text), -EPERM);
        take(&answering, sent(&offering, OFFER(ALICE)));
        ck_assert_int_eq(verification_take(&answering, &nonce, text), -EPERM);
        ck_assert_int_eq(verification_take(&offering, &nonce, text), -EPERM);
        ck_assert(!verification_open(&offering, &nonce));
}
END_TEST

START_TEST(without_the_other_sides_part_there_is_no_code)
{
        Verification offering = one(true, 1), answering = one(false, 2);
        MediaSignal nothing;

        sent(&offering, OFFER(ALICE));
        take(&offering, ANSWER(BOB));
        ck_assert(!verification_open(&offering, &nothing));
        ck_assert_str_eq(code(&offering), "");
        take(&answering, OFFER(ALICE));
        ck_assert_str_eq(sent(&answering, ANSWER(BOB)).nonce, "");
        ck_assert_str_eq(code(&answering), "");
}
END_TEST

static const char *const no_fingerprints[] = {
        "",
        "v=0\r\n",
        "a=fingerprint:sha-1 " ALICE "\r\n",
        "a=fingerprint:sha-256 AA:BB\r\n",
        "a=fingerprint:sha-256 " ALICE ":00\r\n",
        "a=fingerprint:sha-256 " ALICE "\r\na=fingerprint:sha-256 " BOB "\r\n",
        "a=fingerprint:sha-256 " ALICE "\r\na=fingerprint:sha-1 AA\r\n",
        "s=a=fingerprint:sha-256 " ALICE "\r\n",
};

START_TEST(why_there_is_no_code_is_said)
{
        Verification a = one(true, 1), b = one(false, 2), c = one(false, 3);
        MediaSignal bare = sent(&a, OFFER(ALICE));

        ck_assert_ptr_null(verification_why_none(&a));
        *bare.commitment = '\0';
        take(&b, bare);
        ck_assert_str_eq(verification_why_none(&b), "the other side has sent no part of a code");
        take(&a, sent(&b, ANSWER(BOB)));
        ck_assert_str_eq(verification_why_none(&a), "the other side has sent no part of a code");

        Verification d = one(true, 4);
        take(&c, sent(&d, OFFER(ALICE)));
        (void)sent(&c, ANSWER(BOB));
        ck_assert_ptr_null(verification_why_none(&c));
        verification_overdue(&c);
        ck_assert_ptr_nonnull(strstr(verification_why_none(&c), "not sent its part"));
}
END_TEST

START_TEST(a_code_that_comes_late_is_taken_all_the_same)
{
        Verification a = one(true, 1), b = one(false, 2);

        take(&b, sent(&a, OFFER(ALICE)));
        take(&a, sent(&b, ANSWER(BOB)));
        verification_overdue(&b);
        ck_assert_ptr_nonnull(verification_why_none(&b));
        take(&b, opened(&a));
        ck_assert_ptr_null(verification_why_none(&b));
        verification_overdue(&b);
        ck_assert_ptr_null(verification_why_none(&b));
}
END_TEST

/* Whoever may not guess learns nothing to guess with. */
START_TEST(a_silent_side_tells_nothing_and_takes_nothing)
{
        char code[VERIFICATION_CODE_LENGTH + 1];
        Verification a = one(true, 1), b = one(false, 2), c = one(true, 3);
        MediaSignal answer, nonce;

        verification_be_silent(&b);
        take(&b, sent(&a, OFFER(ALICE)));
        answer = sent(&b, ANSWER(BOB));
        ck_assert_str_eq(answer.nonce, "");
        nonce = (MediaSignal){.type = MEDIA_SIGNAL_NONCE};
        STR_SET(nonce.nonce, a.own_hex);
        take(&b, nonce);
        verification_code(&b, code);
        ck_assert_str_eq(code, "");

        verification_be_silent(&c);
        ck_assert_str_eq(sent(&c, OFFER(ALICE)).commitment, "");
        answer.type = MEDIA_SIGNAL_ANSWER;
        STR_SET(answer.nonce, a.own_hex);
        take(&c, answer);
        ck_assert(!verification_open(&c, &nonce));
        verification_code(&c, code);
        ck_assert_str_eq(code, "");
        /* The certificates are still those that were announced. */
        const MediaSignal other = ANSWER(MALLORY);
        ck_assert_int_lt(verification_take(&c, &other, text), 0);
}
END_TEST

START_TEST(description_has_to_say_one_fingerprint)
{
        Fingerprint fingerprint = {};

        ck_assert_int_eq(fingerprint_of_sdp(no_fingerprints[_i], &fingerprint), -EBADMSG);
        ck_assert(!fingerprint.known);
}
END_TEST

START_TEST(fingerprint_may_stand_more_than_once)
{
        Fingerprint fingerprint;

        ck_assert_int_eq(fingerprint_of_sdp("v=0\na=fingerprint:SHA-256 " ALICE
                                            "\nm=audio\na=fingerprint:sha-256 " ALICE,
                                            &fingerprint),
                         0);
        ck_assert_uint_eq(fingerprint.bytes[0], 0xaa);
        ck_assert_uint_eq(fingerprint.bytes[31], 0x1f);
}
END_TEST

START_TEST(certificate_has_the_fingerprint_of_its_bytes)
{
        Fingerprint fingerprint, wanted;

        /* "abc", FIPS 180-2 appendix B.1 */
        ck_assert_int_eq(fingerprint_of_pem("-----BEGIN CERTIFICATE-----\nYW\nJj\n"
                                            "-----END CERTIFICATE-----\n",
                                            &fingerprint),
                         0);
        ck_assert_int_eq(fingerprint_of_sdp("a=fingerprint:sha-256 "
                                            "BA:78:16:BF:8F:01:CF:EA:41:41:40:DE:5D:AE:22:23:"
                                            "B0:03:61:A3:96:17:7A:9C:B4:10:FF:61:F2:00:15:AD",
                                            &wanted),
                         0);
        ck_assert(fingerprint_eq(&fingerprint, &wanted));
        ck_assert_int_eq(fingerprint_of_pem("abc", &fingerprint), -EBADMSG);
        ck_assert_int_eq(fingerprint_of_pem(NULL, &fingerprint), -EBADMSG);
}
END_TEST

static const char *word(const cJSON *vector, const char *name)
{
        const cJSON *item = json_member(vector, name);

        ck_assert(cJSON_IsString(item));
        return item->valuestring;
}

static Verification of_vector(const cJSON *vector, bool offers)
{
        uint8_t nonce[VERIFICATION_NONCE_SIZE];
        const char *hex = word(vector, offers ? "offer_nonce" : "answer_nonce");
        Verification verification;

        for (size_t i = 0; i < sizeof(nonce); i++) {
                unsigned byte;

                ck_assert_int_eq(sscanf(hex + 2 * i, "%2x", &byte), 1);
                nonce[i] = (uint8_t)byte;
        }
        verification_init(&verification, offers, nonce);
        return verification;
}

START_TEST(vectors_come_out_as_written)
{
        char *json = NULL;
        size_t size = 0;
        FILE *file = fopen(TEST_DATA "/media/verification.json", "re");
        cJSON *vectors;
        const cJSON *vector;

        ck_assert_ptr_nonnull(file);
        ck_assert_int_gt(getdelim(&json, &size, '\0', file), 0);
        fclose(file);
        vectors = cJSON_Parse(json);
        free(json);
        ck_assert_int_gt(cJSON_GetArraySize(vectors), 3);
        cJSON_ArrayForEach (vector, vectors) {
                Verification offering = of_vector(vector, true);
                Verification answering = of_vector(vector, false);
                MediaSignal offer = sent(&offering, OFFER(word(vector, "offer_fingerprint")));

                ck_assert_str_eq(offer.commitment, word(vector, "commitment"));
                take(&answering, offer);
                take(&offering, sent(&answering, ANSWER(word(vector, "answer_fingerprint"))));
                take(&answering, opened(&offering));
                ck_assert_str_eq(code(&offering), word(vector, "code"));
                ck_assert_str_eq(code(&answering), word(vector, "code"));
        }
        cJSON_Delete(vectors);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("verification");
        TCase *tcase = tcase_create("verification");

        tcase_add_test(tcase, both_see_the_same);
        tcase_add_test(tcase, later_descriptions_change_nothing);
        tcase_add_test(tcase, other_certificate_is_refused);
        tcase_add_test(tcase, swapped_certificates_make_other_codes);
        tcase_add_test(tcase, nonce_that_was_not_committed_to_is_refused);
        tcase_add_test(tcase, nonce_out_of_turn_is_refused);
        tcase_add_test(tcase, why_there_is_no_code_is_said);
        tcase_add_test(tcase, a_code_that_comes_late_is_taken_all_the_same);
        tcase_add_test(tcase, a_silent_side_tells_nothing_and_takes_nothing);
        tcase_add_test(tcase, without_the_other_sides_part_there_is_no_code);
        tcase_add_loop_test(tcase, description_has_to_say_one_fingerprint, 0,
                            ELEMENTSOF(no_fingerprints));
        tcase_add_test(tcase, fingerprint_may_stand_more_than_once);
        tcase_add_test(tcase, certificate_has_the_fingerprint_of_its_bytes);
        tcase_add_test(tcase, vectors_come_out_as_written);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
