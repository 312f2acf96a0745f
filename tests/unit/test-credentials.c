/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "suite.h"
#include "tringd/token-descriptor.h"

static char folder[32], path[64];

static const Credentials alice = {
        .hub = "wss://hub.example/v1/ws",
        .token = "0123456789abcdef",
        .device_name = "the laptop, Büro",
};

/* … whose hub is on this machine. */
static Credentials alice_at(uid_t owner)
{
        Credentials credentials = alice;

        credentials.owner = (HubOwner){.known = true, .uid = owner};
        return credentials;
}

static void setup(void)
{
        (void)STR_SET(folder, "/tmp/test-credentials-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(folder));
        (void)snprintf(path, sizeof(path), "%s/credentials", folder);
}

static void teardown(void)
{
        (void)unlink(path);
        ck_assert_int_eq(rmdir(folder), 0);
}

static int load(Credentials *ret, const char *says)
{
        _cleanup_free_ char *text = NULL;
        int r = credentials_load(path, ret, &text);

        if (says) {
                ck_assert_ptr_nonnull(text);
                ck_assert_ptr_nonnull(strstr(text, path));
                ck_assert_msg(strstr(text, says) != NULL, "says: %s", text);
                ck_assert_ptr_null(strstr(text, alice.token));
        } else {
                ck_assert_ptr_null(text);
        }
        return r;
}

static void write_file(const char *content)
{
        _cleanup_(fclosep) FILE *file = fopen(path, "we");

        ck_assert_ptr_nonnull(file);
        ck_assert_int_ge(fputs(content, file), 0);
        ck_assert_int_eq(fchmod(fileno(file), 0600), 0);
}

START_TEST(what_is_saved_is_loaded)
{
        Credentials loaded;

        ck_assert_int_eq(credentials_save(path, &alice), 0);
        ck_assert_int_eq(load(&loaded, NULL), 0);
        ck_assert_mem_eq(&loaded, &alice, sizeof(alice));
}
END_TEST

static const uid_t owners[] = {0, 998, PEER_OWNER_UNKNOWN};

START_TEST(the_owner_of_a_hub_on_this_machine_is_saved_as_well)
{
        const Credentials saved = alice_at(owners[_i]);
        Credentials loaded;

        ck_assert_int_eq(credentials_save(path, &saved), 0);
        ck_assert_int_eq(load(&loaded, NULL), 0);
        ck_assert(loaded.owner.known);
        ck_assert_uint_eq(loaded.owner.uid, saved.owner.uid);
}
END_TEST

START_TEST(the_file_is_for_its_owner_alone_with_any_umask)
{
        struct stat st;

        umask(0);
        ck_assert_int_eq(credentials_save(path, &alice), 0);
        ck_assert_int_eq(stat(path, &st), 0);
        ck_assert_uint_eq(st.st_mode & 07777, 0600);
}
END_TEST

START_TEST(a_file_that_others_can_read_is_refused_by_mode)
{
        Credentials loaded;

        ck_assert_int_eq(credentials_save(path, &alice), 0);
        ck_assert_int_eq(chmod(path, 0640), 0);
        ck_assert_int_eq(load(&loaded, "0640"), -EPERM);
}
END_TEST

/* … and has it open, so that a mode that is set later would not help. */
START_TEST(a_file_that_somebody_prepared_does_not_get_the_token)
{
        char fresh[96];
        char byte;

        (void)snprintf(fresh, sizeof(fresh), "%s.new", path);
        _cleanup_close_ int prepared = open(fresh, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        ck_assert_int_ge(prepared, 0);
        ck_assert_int_eq(credentials_save(path, &alice), 0);
        ck_assert_int_eq(read(prepared, &byte, 1), 0);
}
END_TEST

START_TEST(a_link_is_not_followed)
{
        Credentials loaded;
        char elsewhere[96];

        (void)snprintf(elsewhere, sizeof(elsewhere), "%s.elsewhere", path);
        ck_assert_int_eq(credentials_save(elsewhere, &alice), 0);
        ck_assert_int_eq(symlink(elsewhere, path), 0);
        ck_assert_int_eq(load(&loaded, ""), -ELOOP);
        ck_assert_int_eq(unlink(elsewhere), 0);
}
END_TEST

START_TEST(no_file_is_no_error_to_speak_of)
{
        Credentials loaded;

        ck_assert_int_eq(load(&loaded, NULL), -ENOENT);
}
END_TEST

START_TEST(a_damaged_file_is_named)
{
        static const char *const damaged[] = {
                "",
                "hub=ws://localhost\n",
                "hub=ws://localhost\ntoken=abc\ndevice-name=x",
                "hub=\ntoken=abc\ndevice-name=x\n",
                "token=abc\nhub=ws://localhost\ndevice-name=x\n",
                "hub=ws://localhost\ntoken=a\033c\ndevice-name=x\n",
                "hub=ws://localhost\ntoken=abc\ndevice-name=x\nhub-owner=\n",
                "hub=ws://localhost\ntoken=abc\ndevice-name=x\nhub-owner=-1\n",
                "hub=ws://localhost\ntoken=abc\ndevice-name=x\nhub-owner=4294967296\n",
                "hub=ws://localhost\ntoken=abc\ndevice-name=x\nhub-owner=1\nmore\n",
                "hub=ws://localhost\ntoken=abc\ndevice-name=x\nowner=1\n",
        };
        Credentials loaded = alice;

        write_file(damaged[_i]);
        ck_assert_int_eq(load(&loaded, "damaged"), -EBADMSG);
        ck_assert_mem_eq(&loaded, &alice, sizeof(alice));
}
END_TEST

START_TEST(a_save_that_fails_leaves_the_last_one)
{
        char fresh[96];
        Credentials loaded;

        ck_assert_int_eq(credentials_save(path, &alice), 0);
        (void)snprintf(fresh, sizeof(fresh), "%s.new", path);
        ck_assert_int_eq(mkdir(fresh, 0700), 0);
        ck_assert_int_lt(credentials_save(path, &(Credentials){.hub = "x", .token = "y"}), 0);
        ck_assert_int_eq(rmdir(fresh), 0);
        ck_assert_int_eq(load(&loaded, NULL), 0);
        ck_assert_mem_eq(&loaded, &alice, sizeof(alice));
}
END_TEST

/* What comes of a pipe with these bytes, `open`: that may get more. */
static int read_pipe(const char *bytes, bool open, char token[static TOKEN_MAX + 1])
{
        int fds[2];

        ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
        ck_assert_int_eq(write(fds[1], bytes, strlen(bytes)), (int)strlen(bytes));
        if (!open)
                close(fds[1]);
        int r = token_read_descriptor(fds[0], token);
        close(fds[0]);
        if (open)
                close(fds[1]);
        return r;
}

START_TEST(a_token_is_read_from_a_descriptor_without_waiting)
{
        char longest[TOKEN_MAX + 3], token[TOKEN_MAX + 1] = "before";

        ck_assert_int_eq(read_pipe("s3cret", true, token), -EAGAIN);
        ck_assert_int_eq(read_pipe("", true, token), -EAGAIN);
        ck_assert_str_eq(token, "before");
        ck_assert_int_eq(read_pipe("s3cret\n", false, token), 0);
        ck_assert_str_eq(token, "s3cret");
        ck_assert_int_eq(read_pipe("", false, token), 0);
        ck_assert_str_eq(token, "");

        memset(longest, 'x', sizeof(longest));
        longest[TOKEN_MAX] = '\n';
        longest[TOKEN_MAX + 1] = '\0';
        ck_assert_int_eq(read_pipe(longest, false, token), 0);
        ck_assert_uint_eq(strlen(token), TOKEN_MAX);
        longest[TOKEN_MAX] = 'x';
        ck_assert_int_eq(read_pipe(longest, false, token), -E2BIG);
        longest[TOKEN_MAX + 1] = 'x';
        longest[TOKEN_MAX + 2] = '\0';
        ck_assert_int_eq(read_pipe(longest, true, token), -E2BIG);
}
END_TEST

START_TEST(a_token_is_read_from_a_file)
{
        char token[TOKEN_MAX + 1];
        FILE *file = tmpfile();

        ck_assert_ptr_nonnull(file);
        fputs("s3cret\n", file);
        rewind(file);
        ck_assert_int_eq(token_read_descriptor(fileno(file), token), 0);
        ck_assert_str_eq(token, "s3cret");
        fputc('\0', file);
        rewind(file);
        ck_assert_int_eq(token_read_descriptor(fileno(file), token), -EBADMSG);
        fclose(file);
        ck_assert_int_eq(token_read_descriptor(-1, token) < 0, 1);
}
END_TEST

START_TEST(forgetting_twice_is_harmless)
{
        Credentials loaded;

        ck_assert_int_eq(credentials_save(path, &alice), 0);
        ck_assert_int_eq(credentials_forget(path), 0);
        ck_assert_int_eq(credentials_forget(path), 0);
        ck_assert_int_eq(load(&loaded, NULL), -ENOENT);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("credentials");
        TCase *tests = tcase_create("all");

        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_test(tests, what_is_saved_is_loaded);
        tcase_add_loop_test(tests, the_owner_of_a_hub_on_this_machine_is_saved_as_well, 0,
                            ELEMENTSOF(owners));
        tcase_add_test(tests, the_file_is_for_its_owner_alone_with_any_umask);
        tcase_add_test(tests, a_file_that_others_can_read_is_refused_by_mode);
        tcase_add_test(tests, a_file_that_somebody_prepared_does_not_get_the_token);
        tcase_add_test(tests, a_link_is_not_followed);
        tcase_add_test(tests, no_file_is_no_error_to_speak_of);
        tcase_add_loop_test(tests, a_damaged_file_is_named, 0, 11);
        tcase_add_test(tests, a_save_that_fails_leaves_the_last_one);
        tcase_add_test(tests, a_token_is_read_from_a_descriptor_without_waiting);
        tcase_add_test(tests, a_token_is_read_from_a_file);
        tcase_add_test(tests, forgetting_twice_is_harmless);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
