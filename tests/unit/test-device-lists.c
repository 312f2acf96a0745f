/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "base/cleanup.h"
#include "suite.h"
#include "wire/devices.h"

static const char *const messages[] = {
        "{}",
        "{\"microphones\":[{\"name\":\"mic\",\"description\":\"A microphone\",\"default\":true},"
        "{\"name\":\"other\"}],\"speakers\":[{\"name\":\"spk\"}],\"cameras\":[{\"name\":\"cam\"}]}",
};

START_TEST(lists_are_read_and_written_again)
{
        const char *text = messages[_i];
        _cleanup_free_ char *again = NULL;
        char sentence[MESSAGE_TEXT_MAX + 1] = "";
        DeviceLists lists;
        size_t length;

        ck_assert_msg(devices_decode(text, strlen(text), &lists, sentence) == 0, "%s", sentence);
        ck_assert_int_eq(devices_encode(&lists, &again, &length), 0);
        ck_assert_str_eq(again, text);
        ck_assert_uint_eq(length, strlen(again));
        device_lists_done(&lists);
}
END_TEST

START_TEST(members_stand_where_they_belong)
{
        char sentence[MESSAGE_TEXT_MAX + 1];
        DeviceLists lists, none = {};

        ck_assert_int_eq(devices_decode(messages[1], strlen(messages[1]), &lists, sentence), 0);
        ck_assert_uint_eq(lists.of[DEVICE_MICROPHONE].n, 2);
        ck_assert_str_eq(lists.of[DEVICE_MICROPHONE].devices[0].description, "A microphone");
        ck_assert(lists.of[DEVICE_MICROPHONE].devices[0].is_default);
        ck_assert(!lists.of[DEVICE_MICROPHONE].devices[1].is_default);
        ck_assert_str_eq(lists.of[DEVICE_SPEAKER].devices[0].name, "spk");
        ck_assert_str_eq(lists.of[DEVICE_CAMERA].devices[0].name, "cam");
        ck_assert(device_list_equal(&lists.of[DEVICE_SPEAKER], &lists.of[DEVICE_SPEAKER]));
        ck_assert(!device_list_equal(&lists.of[DEVICE_SPEAKER], &lists.of[DEVICE_CAMERA]));
        ck_assert(!device_list_equal(&lists.of[DEVICE_SPEAKER], &none.of[DEVICE_SPEAKER]));
        device_lists_done(&lists);
}
END_TEST

static const struct {
        const char *text, *says;
} bad[] = {
        {"", ""},
        {"[]", "object"},
        {"{\"speakers\":7}", "speakers"},
        {"{\"speakers\":[{}]}", "name"},
        {"{\"speakers\":[{\"name\":\"a\\u0001\"}]}", "name"},
        {"{\"speakers\":[{\"name\":\"a\",\"default\":1}]}", "default"},
        {"{\"keyboards\":[]}", "keyboards"},
};

START_TEST(nonsense_is_refused)
{
        char sentence[MESSAGE_TEXT_MAX + 1] = "";
        DeviceLists lists;

        ck_assert_int_eq(devices_decode(bad[_i].text, strlen(bad[_i].text), &lists, sentence),
                         -EBADMSG);
        ck_assert_msg(strstr(sentence, bad[_i].says) != NULL, "says: %s", sentence);
}
END_TEST

/* The longest names and descriptions of all kinds, with text that needs no escapes. */
START_TEST(as_many_as_there_may_be_fit)
{
        _cleanup_free_ char *text = NULL;
        DeviceLists lists = {};
        size_t length;

        for (size_t kind = 0; kind < DEVICE_KIND_COUNT; kind++) {
                DeviceList *list = &lists.of[kind];

                list->devices = calloc(DEVICES_MAX, sizeof(*list->devices));
                ck_assert_ptr_nonnull(list->devices);
                for (; list->n < DEVICES_MAX; list->n++) {
                        DeviceInfo *info = &list->devices[list->n];

                        memset(info->name, 'n', sizeof(info->name) - 1);
                        memset(info->description, 'd', sizeof(info->description) - 1);
                }
        }
        ck_assert_int_eq(devices_encode(&lists, &text, &length), 0);
        device_lists_done(&lists);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("devices");
        TCase *tcase = tcase_create("devices");

        tcase_add_loop_test(tcase, lists_are_read_and_written_again, 0, ELEMENTSOF(messages));
        tcase_add_test(tcase, members_stand_where_they_belong);
        tcase_add_loop_test(tcase, nonsense_is_refused, 0, ELEMENTSOF(bad));
        tcase_add_test(tcase, as_many_as_there_may_be_fit);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
