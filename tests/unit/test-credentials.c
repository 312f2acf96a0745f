/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

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

START_TEST(a_token_is_read_from_a_pipe_with_a_name_or_with_packets)
{
        char token[TOKEN_MAX + 1];
        int fds[2];

        ck_assert_int_eq(mkfifo(path, 0600), 0);
        fds[0] = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        fds[1] = open(path, O_WRONLY | O_CLOEXEC);
        for (int i = 0; i < 2; i++) {
                ck_assert_int_eq(write(fds[1], "s3", 2), 2);
                ck_assert_int_eq(write(fds[1], "cret\n", 5), 5);
                close(fds[1]);
                ck_assert_int_eq(token_read_descriptor(fds[0], token), 0);
                ck_assert_str_eq(token, "s3cret");
                close(fds[0]);
                ck_assert_int_eq(pipe2(fds, O_DIRECT | O_CLOEXEC), 0);
        }
        close(fds[0]);
        close(fds[1]);
}
END_TEST

/* It takes, sooner or later, what is there between a look and a read. */
START_TEST(another_reader_of_the_pipe_makes_nobody_wait)
{
        char token[TOKEN_MAX + 1], byte;
        int fds[2], status;

        ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
        pid_t other = fork();
        ck_assert_int_ge(other, 0);
        if (other == 0) {
                close(fds[1]);
                while (read(fds[0], &byte, 1) > 0)
                        ;
                _exit(0);
        }
        for (int i = 0; i < 5000; i++) {
                ck_assert_int_eq(write(fds[1], "x", 1), 1);
                ck_assert_int_eq(token_read_descriptor(fds[0], token), -EAGAIN);
        }
        close(fds[1]);
        ck_assert_int_eq(waitpid(other, &status, 0), other);
        close(fds[0]);
}
END_TEST

/* All of them have something to read. */
START_TEST(a_descriptor_that_may_have_to_be_waited_for_is_refused)
{
        char token[TOKEN_MAX + 1] = "before", byte;
        int ends[2];

        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        ck_assert_int_eq(write(ends[1], "s", 1), 1);
        close(ends[1]);
        const int fds[] = {
                ends[0],
                eventfd(1, EFD_CLOEXEC),
                open("/dev/zero", O_RDONLY | O_CLOEXEC),
                open("/proc/self/stat", O_RDONLY | O_CLOEXEC),
        };

        for (size_t i = 0; i < ELEMENTSOF(fds); i++) {
                ck_assert_int_ge(fds[i], 0);
                ck_assert_int_eq(token_read_descriptor(fds[i], token), -EOPNOTSUPP);
        }
        ck_assert_str_eq(token, "before");
        ck_assert_int_eq(read(ends[0], &byte, 1), 1); /* nothing was taken */
        for (size_t i = 0; i < ELEMENTSOF(fds); i++)
                close(fds[i]);
}
END_TEST

START_TEST(a_token_is_read_from_a_memfd)
{
        char token[TOKEN_MAX + 1];
        _cleanup_close_ int fd = memfd_create("token", MFD_CLOEXEC);

        ck_assert_int_eq(write(fd, "s3cret", 6), 6);
        ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
        ck_assert_int_eq(token_read_descriptor(fd, token), 0);
        ck_assert_str_eq(token, "s3cret");
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
        tcase_set_timeout(tests, 30);
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
        tcase_add_test(tests, a_token_is_read_from_a_pipe_with_a_name_or_with_packets);
        tcase_add_test(tests, another_reader_of_the_pipe_makes_nobody_wait);
        tcase_add_test(tests, a_descriptor_that_may_have_to_be_waited_for_is_refused);
        tcase_add_test(tests, a_token_is_read_from_a_memfd);
        tcase_add_test(tests, a_token_is_read_from_a_file);
        tcase_add_test(tests, forgetting_twice_is_harmless);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
