/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a process in the sandbox of tring-media can still do. */

#include "media/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "sandbox-fixture.h"
#include "suite.h"

static char own_file[] = "/tmp/test-sandbox-XXXXXX"; /* a user's files */

/* ---- refused ---- */

static int write_new_file(void)
{
        return outcome(open("/tmp/test-sandbox-new", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

static int write_own_file(void)
{
        return outcome(open(own_file, O_WRONLY | O_CLOEXEC));
}

static int append_to_own_file(void)
{
        return outcome(open(own_file, O_RDWR | O_APPEND | O_CLOEXEC));
}

static int nameless_file(void)
{
        return outcome(open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
}

static int remove_own_file(void)
{
        return outcome(unlink(own_file));
}

static int make_folder(void)
{
        return outcome(syscall(SYS_mkdirat, AT_FDCWD, "/tmp/test-sandbox-folder", 0700));
}

static int raw_socket(void)
{
        return outcome(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, 1));
}

static int packet_socket(void)
{
        return outcome(socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
}

static int audit_socket(void)
{
        return outcome(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT));
}

static int kernel_crypto(void)
{
        return outcome(socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
}

#ifndef TRING_SANITIZERS
static int become_dumpable(void)
{
        return outcome(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}
#endif

static int allow_core_dumps(void)
{
        const struct rlimit much = {RLIM_INFINITY, RLIM_INFINITY};

        return outcome(setrlimit(RLIMIT_CORE, &much));
}

static int type_into_the_terminal(void)
{
        return outcome(ioctl(STDIN_FILENO, TIOCSTI, "x"));
}

static int loosen_the_filter(void)
{
        return outcome(syscall(SYS_seccomp, 1, 0, NULL));
}

static int (*const refused[])(void) = {
        write_new_file,    write_own_file, append_to_own_file, nameless_file,
        remove_own_file,   make_folder,    raw_socket,         packet_socket,
        audit_socket,      kernel_crypto,  allow_core_dumps,   type_into_the_terminal,
        loosen_the_filter,
#ifndef TRING_SANITIZERS
        become_dumpable,
#endif
};

START_TEST(what_libraries_may_try_is_refused)
{
        ck_assert_int_eq(in_sandbox(SANDBOX_NETWORK | SANDBOX_FILES, refused[_i]), EACCES);
}
END_TEST

#ifndef TRING_SANITIZERS
static int another_process(void)
{
        return outcome(fork());
}

START_TEST(another_process_is_refused)
{
        ck_assert_int_eq(in_sandbox(SANDBOX_NETWORK, another_process), EACCES);
}
END_TEST
#endif

static int inet_datagrams(void)
{
        return outcome(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
}

static int inet6_stream(void)
{
        int r = outcome(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));

        return r == EAFNOSUPPORT ? DONE : r; /* so that a machine without IPv6 has been asked */
}

static int (*const network[])(void) = {inet_datagrams, inet6_stream};

START_TEST(network_is_for_those_who_need_it)
{
        ck_assert_int_eq(in_sandbox(SANDBOX_FILES, network[_i]), EACCES);
        ck_assert_int_eq(in_sandbox(SANDBOX_NETWORK, network[_i]), DONE);
}
END_TEST

static int ask_for_the_last_arrival(void)
{
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        struct timespec stamp;

        return outcome(ioctl(fd, SIOCGSTAMPNS, &stamp));
}

START_TEST(kernel_may_be_asked_whether_anything_arrives)
{
        ck_assert_int_eq(in_sandbox(SANDBOX_NETWORK, ask_for_the_last_arrival), ENOENT);
}
END_TEST

static int read_own_file(void)
{
        return outcome(open(own_file, O_RDONLY | O_CLOEXEC));
}

START_TEST(files_of_the_user_are_for_those_who_need_them)
{
        ck_assert_int_eq(in_sandbox(SANDBOX_NETWORK, read_own_file), sandbox_refusal_of_files());
        ck_assert_int_eq(in_sandbox(SANDBOX_FILES, read_own_file), DONE);
}
END_TEST

/* ---- the end ---- */

static int run_a_program(void)
{
        return outcome(execl("/bin/true", "true", (char *)NULL));
}

static int signal_another(void)
{
        return outcome(kill(getppid(), SIGTERM));
}

static int signal_a_thread_of_another(void)
{
        return outcome(syscall(SYS_tgkill, getppid(), getppid(), SIGTERM));
}

static int load_a_program_into_the_kernel(void)
{
        return outcome(syscall(SYS_bpf, 0, NULL, 0));
}

static int mount_something(void)
{
        return outcome(syscall(SYS_mount, "none", "/tmp", "tmpfs", 0, NULL));
}

static int a_namespace(void)
{
        return outcome(syscall(SYS_unshare, 0x10000000));
}

static int become_another_user(void)
{
        return outcome(syscall(SYS_setresuid, 1, 1, 1));
}

static int a_key_ring(void)
{
        return outcome(syscall(SYS_keyctl, 0, 0, 0, 0, 0));
}

static int write_the_memory_of_another(void)
{
        return outcome(syscall(SYS_process_vm_writev, getppid(), NULL, 0, NULL, 0, 0));
}

#ifndef TRING_SANITIZERS
static int trace_another(void)
{
        return outcome(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
}
#endif

static int (*const deadly[])(void) = {
        run_a_program,
        signal_another,
        signal_a_thread_of_another,
        load_a_program_into_the_kernel,
        mount_something,
        a_namespace,
        become_another_user,
        a_key_ring,
        write_the_memory_of_another,
#ifndef TRING_SANITIZERS
        trace_another,
#endif
};

START_TEST(what_no_library_of_ours_tries_is_the_end)
{
        ck_assert_int_eq(in_sandbox(SANDBOX_NETWORK | SANDBOX_FILES, deadly[_i]), 256 + SIGSYS);
}
END_TEST

/* ---- allowed ---- */

static void *nothing(void *data)
{
        return data;
}

static int a_thread(void)
{
        pthread_t thread;
        int r = pthread_create(&thread, NULL, nothing, NULL);

        return r ? r : pthread_join(thread, NULL);
}

static int shared_memory(void)
{
        int fd = memfd_create("test", MFD_CLOEXEC);

        return fd < 0 ? errno : outcome(ftruncate(fd, 4096));
}

static int compiled_code(void)
{
        return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                    0) == MAP_FAILED
                       ? errno
                       : DONE;
}

static int a_library(void)
{
        return outcome(open("/usr/lib/os-release", O_RDONLY | O_CLOEXEC));
}

static int local_pair(void)
{
        int ends[2], r = outcome(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));

        return r == DONE ? outcome(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends)) : r;
}

static int flags_of_a_descriptor(void)
{
        int fd = memfd_create("test", MFD_ALLOW_SEALING), copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);

        return outcome(fcntl(copy, F_GETFD) == FD_CLOEXEC && fcntl(fd, F_DUPFD, 3) >= 0 &&
                                       fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 &&
                                       fcntl(fd, F_SETFL, O_NONBLOCK) == 0 &&
                                       (fcntl(fd, F_GETFL) & O_NONBLOCK) &&
                                       fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) == 0 &&
                                       fcntl(fd, F_GET_SEALS) == F_SEAL_SHRINK
                               ? 0
                               : -1);
}

static int own_schedule(void)
{
        const struct sched_param none = {};
        int r = outcome(sched_setscheduler(0, SCHED_BATCH, &none));

        return r == DONE ? outcome(setpriority(PRIO_PROCESS, 0, 19)) : r;
}

static int route_socket(void)
{
        return outcome(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
}

static int (*const allowed[])(void) = {
        a_thread,   shared_memory,         compiled_code, a_library,
        local_pair, flags_of_a_descriptor, own_schedule,  route_socket,
};

START_TEST(what_sound_needs_is_left)
{
        ck_assert_int_eq(in_sandbox(0, allowed[_i]), DONE);
}
END_TEST

static int give_up(void)
{
        abort();
}

START_TEST(a_failed_assertion_shows_as_one)
{
        ck_assert_int_eq(in_sandbox(0, give_up), 256 + SIGABRT);
}
END_TEST

static void make_own_file(void)
{
        int fd = mkstemp(own_file);

        ck_assert_int_ge(fd, 0);
        close(fd);
}

static void remove_what_was_made(void)
{
        ck_assert_int_eq(unlink(own_file), 0);
        ck_assert_int_eq(access("/tmp/test-sandbox-new", F_OK), -1);
}

int main(void)
{
        Suite *suite = suite_create("sandbox");
        TCase *tcase = tcase_create("sandbox");

        tcase_add_unchecked_fixture(tcase, make_own_file, remove_what_was_made);
        tcase_add_loop_test(tcase, what_libraries_may_try_is_refused, 0, ELEMENTSOF(refused));
#ifndef TRING_SANITIZERS
        tcase_add_test(tcase, another_process_is_refused);
#endif
        tcase_add_loop_test(tcase, network_is_for_those_who_need_it, 0, ELEMENTSOF(network));
        tcase_add_test(tcase, kernel_may_be_asked_whether_anything_arrives);
        tcase_add_test(tcase, files_of_the_user_are_for_those_who_need_them);
        tcase_add_loop_test(tcase, what_no_library_of_ours_tries_is_the_end, 0, ELEMENTSOF(deadly));
        tcase_add_loop_test(tcase, what_sound_needs_is_left, 0, ELEMENTSOF(allowed));
        tcase_add_test(tcase, a_failed_assertion_shows_as_one);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
