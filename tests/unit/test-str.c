/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "suite.h"

static void fill(char *buffer, size_t length)
{
        memset(buffer, 'a', length);
        buffer[length] = '\0';
}

START_TEST(a_uid_has_1_to_64_plain_characters)
{
        char uid[UID_MAX + 2];

        ck_assert(uid_is_valid("a"));
        ck_assert(uid_is_valid("Alice.B_c@d+e-9"));
        fill(uid, UID_MAX);
        ck_assert(uid_is_valid(uid));
        fill(uid, UID_MAX + 1);
        ck_assert(!uid_is_valid(uid));
        ck_assert(!uid_is_valid(""));
        ck_assert(!uid_is_valid(NULL));
        ck_assert(!uid_is_valid("a b"));
        ck_assert(!uid_is_valid("a/b"));
        ck_assert(!uid_is_valid("ä"));
        ck_assert(!uid_is_valid("a\n"));
}
END_TEST

START_TEST(a_session_id_is_a_canonical_lower_case_uuid)
{
        ck_assert(uuid_is_valid("0b7e6a52-90f7-4d4e-8f2c-0c9d7a1b2c3d"));
        ck_assert(!uuid_is_valid("0B7E6A52-90F7-4D4E-8F2C-0C9D7A1B2C3D"));
        ck_assert(!uuid_is_valid("0b7e6a5290f74d4e8f2c0c9d7a1b2c3d"));
        ck_assert(!uuid_is_valid("0b7e6a52-90f7-4d4e-8f2c-0c9d7a1b2c3"));
        ck_assert(!uuid_is_valid("0b7e6a52-90f7-4d4e-8f2c-0c9d7a1b2c3d0"));
        ck_assert(!uuid_is_valid("0b7e6a52_90f7_4d4e_8f2c_0c9d7a1b2c3d"));
        ck_assert(!uuid_is_valid(""));
        ck_assert(!uuid_is_valid(NULL));
}
END_TEST

static const struct {
        const char *bytes;
        bool valid;
} utf8_cases[] = {
        {"plain", true},
        {"", true},
        {"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x93\x9e", true},
        {"\xed\x9f\xbf", true},      /* U+D7FF, the last before the surrogates */
        {"\xed\xa0\x80", false},     /* U+D800, a surrogate */
        {"\xee\x80\x80", true},      /* U+E000, the first after them */
        {"\xf4\x8f\xbf\xbf", true},  /* U+10FFFF, the last of all */
        {"\xf4\x90\x80\x80", false}, /* U+110000 */
        {"\xc0\x80", false},         /* overlong */
        {"\xe0\x80\x80", false},     /* overlong */
        {"\xf0\x80\x80\x80", false}, /* overlong */
        {"\x80", false},             /* continuation without a start */
        {"\xc3", false},             /* start without a continuation */
        {"\xe2\x82", false},
        {"\xff", false},
};

START_TEST(utf8_is_valid_as_in_unicode)
{
        const char *bytes = utf8_cases[_i].bytes;

        ck_assert_int_eq(utf8_is_valid(bytes, strlen(bytes)), utf8_cases[_i].valid);
}
END_TEST

START_TEST(text_has_no_control_characters_and_keeps_to_its_length)
{
        ck_assert(text_is_valid("Zoë, office", 128));
        ck_assert(text_is_valid("", 0));
        ck_assert(text_is_valid("1234", 4));
        ck_assert(!text_is_valid("12345", 4));
        ck_assert(!text_is_valid("a\nb", 128));
        ck_assert(!text_is_valid("a\x1b[0m", 128));
        ck_assert(!text_is_valid("a\x7f", 128));
        ck_assert(!text_is_valid("\xc2\x85", 128)); /* U+0085, C1 */
        ck_assert(text_is_valid("\xc2\xa0", 128));  /* U+00A0 is text */
}
END_TEST

static const struct {
        const char *name;
        bool valid;
} names[] = {
        {"Zoë", true},
        {" Zoë ", true},
        {"", false},
        {" ", false},
        {"\u00a0\u3000", false},
        {"\u200b", false},
        {"\u200b\u200d\ufeff", false},
        {"\u2800", false},
        {"\u3164", false},
        {"x\u200b", false},
        {"Zo\u2060e", false},
        {"\ufeffZoe", false},
        {"Zo\u00ade", false},
        {"Zo\u200de", false}, /* a joiner that joins nothing */
        {"Zoe\u200e", false},
        {"\u0915\u094d\u200d\u0937", true},                         /* Hindi */
        {"\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", true}, /* Persian */
        {"\U0001f468\u200d\U0001f469\u200d\U0001f467", true},       /* joined emoji */
        {"\u202eeoZ", false},
        {"\u202aZoe\u202c", false},
        {"Zoe\u2028", false},
        {"Zoe\u2029", false},
        {"10\u202f000", true},
        {"\u2066Zoe\u2069", true},
        {"\u2066\u2067Zoe\u2069\u2069", true},
        {"\u2068Zoe", false},
        {"Zoe\u2069", false},
        {"Zoe\u2069\u2066", false},
        {"\u200f\u0645\u0631\u0645", true}, /* Arabic */
        {"a\nb", false},
        {"\xff", false},
};

START_TEST(a_name_is_visible_and_leaves_its_line_alone)
{
        ck_assert_int_eq(name_is_valid(names[_i].name, 128), names[_i].valid);
}
END_TEST

START_TEST(a_name_keeps_to_its_length)
{
        ck_assert(name_is_valid("1234", 4));
        ck_assert(!name_is_valid("12345", 4));
}
END_TEST

START_TEST(printable_text_leaves_its_line_alone)
{
        char buffer[32];

        ck_assert_str_eq(str_printable(buffer, sizeof(buffer), "\u202eeoZ\u2028!"), "?eoZ?!");
        ck_assert_str_eq(str_printable(buffer, sizeof(buffer), "\u2066a\u2069\u202a"), "?a??");
        ck_assert_str_eq(str_printable(buffer, sizeof(buffer), "10\u202f000"), "10\u202f000");
        ck_assert_str_eq(str_printable(buffer, sizeof(buffer), "Al\u200bic\u200de\ufeff"),
                         "Al?ic?e?");
        ck_assert_str_eq(str_printable(buffer, sizeof(buffer), "\U0001f468\u200d\U0001f469"),
                         "\U0001f468\u200d\U0001f469");
}
END_TEST

START_TEST(printable_text_hides_what_could_harm_a_terminal)
{
        char buffer[32];

        ck_assert_str_eq(str_printable(buffer, sizeof(buffer), "a\x1b[31mb\xff"), "a?[31mb?");
        ck_assert_str_eq(str_printable(buffer, sizeof(buffer), "Zoë"), "Zoë");
        ck_assert_str_eq(str_printable(buffer, sizeof(buffer), ""), "");
}
END_TEST

START_TEST(printable_text_is_cut_between_characters)
{
        char buffer[8];

        ck_assert_str_eq(str_printable(buffer, sizeof(buffer), "1234567"), "1234567");
        ck_assert_str_eq(str_printable(buffer, sizeof(buffer), "12345678"), "1234…");
        ck_assert_str_eq(str_printable(buffer, sizeof(buffer), "123äöü"), "123…");
        ck_assert_str_eq(str_printable(buffer, 3, "12345"), "12");
}
END_TEST

START_TEST(a_copy_that_does_not_fit_leaves_the_buffer_as_it_was)
{
        char buffer[4] = "old";

        ck_assert_int_eq(STR_SET(buffer, "four"), -E2BIG);
        ck_assert_str_eq(buffer, "old");
        ck_assert_int_eq(STR_SET(buffer, "new"), 0);
        ck_assert_str_eq(buffer, "new");
}
END_TEST

START_TEST(hex_is_lower_case_and_ends_with_nul)
{
        const unsigned char bytes[] = {0x00, 0x1f, 0xa0, 0xff};
        char hex[2 * sizeof(bytes) + 1];

        hex_encode(bytes, sizeof(bytes), hex);
        ck_assert_str_eq(hex, "001fa0ff");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("str");
        TCase *tcase = tcase_create("str");

        tcase_add_test(tcase, a_uid_has_1_to_64_plain_characters);
        tcase_add_test(tcase, a_session_id_is_a_canonical_lower_case_uuid);
        tcase_add_loop_test(tcase, utf8_is_valid_as_in_unicode, 0, ELEMENTSOF(utf8_cases));
        tcase_add_test(tcase, text_has_no_control_characters_and_keeps_to_its_length);
        tcase_add_loop_test(tcase, a_name_is_visible_and_leaves_its_line_alone, 0,
                            ELEMENTSOF(names));
        tcase_add_test(tcase, a_name_keeps_to_its_length);
        tcase_add_test(tcase, printable_text_leaves_its_line_alone);
        tcase_add_test(tcase, printable_text_hides_what_could_harm_a_terminal);
        tcase_add_test(tcase, printable_text_is_cut_between_characters);
        tcase_add_test(tcase, a_copy_that_does_not_fit_leaves_the_buffer_as_it_was);
        tcase_add_test(tcase, hex_is_lower_case_and_ends_with_nul);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
