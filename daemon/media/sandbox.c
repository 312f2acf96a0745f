/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/sandbox.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "media/sandbox-files.h"

#ifdef TRING_SANITIZERS
#define SANITIZED true /* a sanitizer's report reads the source files */
#else
#define SANITIZED false
#endif

#define TYPE_MASK 0xf /* socket(2)'s type without SOCK_CLOEXEC and the like */
#define WRITING (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY))

/* System calls by name, separated by blanks. Names that libseccomp does not know are skipped. */
typedef struct SyscallGroup {
        int error; /* errno with which a call fails; 0: allowed with any arguments */
        const char *names;
} SyscallGroup;

static const SyscallGroup groups[] = {
        /* Open descriptors, and memory. The rules for fcntl(2) are below. */
        {0, "read readv pread64 preadv preadv2 write writev pwrite64 lseek _llseek close "
            "close_range dup dup2 dup3 pipe pipe2 memfd_create ftruncate ftruncate64 "
            "fallocate fadvise64 fadvise64_64 brk mmap mmap2 munmap mremap mprotect madvise "
            "mincore mlock mlock2 munlock membarrier mseal"},
        /*
         * Folders; the rule for open(2) is below. Landlock knows no rule for these calls: a worker
         * can ask about any path.
         */
        {0, "access faccessat faccessat2 stat stat64 lstat lstat64 fstat fstat64 newfstatat "
            "fstatat64 statx statfs statfs64 fstatfs fstatfs64 readlink readlinkat getdents "
            "getdents64 getcwd"},
        /* Waiting and waking. */
        {0, "poll ppoll ppoll_time64 select _newselect pselect6 pselect6_time64 epoll_create "
            "epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 eventfd2 signalfd4 "
            "timerfd_create timerfd_settime timerfd_settime64 timerfd_gettime timerfd_gettime64 "
            "futex futex_time64 futex_waitv futex_wait futex_wake futex_requeue restart_syscall"},
        /* Time. */
        {0, "time gettimeofday clock_gettime clock_gettime64 clock_getres clock_getres_time64 "
            "clock_nanosleep clock_nanosleep_time64 nanosleep times getrusage"},
        /* Sockets. The rules for socket(2) and socketpair(2) are below. */
        {0, "connect bind listen accept accept4 shutdown getsockname getpeername "
            "getsockopt setsockopt send sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg "
            "recvmmsg_time64"},
        /*
         * Threads and scheduling: sound has deadlines. The rules for clone(2) and for changes of
         * the scheduling are below.
         */
        {0, "exit exit_group gettid set_tid_address set_robust_list get_robust_list rseq "
            "arch_prctl sched_yield sched_getaffinity sched_getattr sched_getparam "
            "sched_getscheduler sched_get_priority_min sched_get_priority_max getpriority getcpu"},
        /* Handling of received signals. */
        {0, "rt_sigaction rt_sigprocmask rt_sigreturn sigreturn sigaltstack rt_sigtimedwait"},
        /*
         * Orc calls this before it creates a file for the code that it generates to convert
         * pictures. The file is refused, and Orc uses plain memory instead.
         */
        {0, "umask"},
        /* Identity and working folder. */
        {0, "getpid getppid getuid geteuid getgid getegid getresuid getresgid getgroups uname "
            "sysinfo getrandom getrlimit ugetrlimit capget"},

        /* Libraries try these, and do without when they are refused. */
        {EACCES, "creat truncate truncate64 unlink unlinkat rename renameat renameat2 mkdir "
                 "mkdirat rmdir link linkat symlink symlinkat chmod fchmod fchmodat chown fchown "
                 "fchownat mknod mknodat utimensat inotify_init1 inotify_add_watch "
                 "inotify_rm_watch sched_setaffinity sched_setattr sched_setparam"},
        {EPERM, "setrlimit mbind get_mempolicy set_mempolicy"},
        {ENODATA, "getxattr lgetxattr fgetxattr"},
        /*
         * A filter cannot see the flags of these calls. When they fail, libraries use the older
         * calls, whose flags it sees.
         */
        {ENOSYS, "openat2 clone3 io_uring_setup"},
#ifdef TRING_SANITIZERS
        /* LeakSanitizer inspects all threads from a process that it forks. */
        {0, "clone ptrace wait4 prctl tkill process_vm_readv"},
#endif
};

/* A system call that is allowed with these arguments, and refused with others. */
typedef struct Guarded {
        const char *name;
        unsigned n;
        struct scmp_arg_cmp conditions[2];
        unsigned needs; /* SandboxNeed flags; 0: always allowed */
} Guarded;

#define ARGUMENT(number, value)                                               \
        {                                                                     \
                number, SCMP_CMP_MASKED_EQ, UINT32_MAX, (scmp_datum_t)(value) \
        }
#define MASKED(number, mask, value)                     \
        {                                               \
                number, SCMP_CMP_MASKED_EQ, mask, value \
        }

/* The second name is that of 32-bit machines. */
#define FCNTL(...)                     \
        {"fcntl", __VA_ARGS__},        \
        {                              \
                "fcntl64", __VA_ARGS__ \
        }

static const Guarded guarded[] = {
        {"open", 1, {MASKED(1, WRITING, 0)}},
        {"openat", 1, {MASKED(2, WRITING, 0)}},
        {"clone", 1, {MASKED(0, CLONE_THREAD, CLONE_THREAD)}},
        /*
         * Not F_SETOWN, F_SETSIG and O_ASYNC, by which the kernel sends any signal to any process
         * of the user.
         */
        FCNTL(1, {ARGUMENT(1, F_DUPFD)}),
        FCNTL(1, {ARGUMENT(1, F_DUPFD_CLOEXEC)}),
        FCNTL(1, {ARGUMENT(1, F_GETFD)}),
        FCNTL(1, {ARGUMENT(1, F_SETFD)}),
        FCNTL(1, {ARGUMENT(1, F_GETFL)}),
        FCNTL(2, {ARGUMENT(1, F_SETFL), MASKED(2, O_ASYNC, 0)}),
        FCNTL(1, {ARGUMENT(1, F_ADD_SEALS)}),
        FCNTL(1, {ARGUMENT(1, F_GET_SEALS)}),
        /*
         * Of the thread that asks: tringd is the same user's, and must stay able to mute and to
         * hang up. A filter does not know which other threads are of this process.
         */
        {"sched_setscheduler", 1, {ARGUMENT(0, 0)}},
        {"setpriority", 2, {ARGUMENT(0, PRIO_PROCESS), ARGUMENT(1, 0)}},
        {"prlimit64", 2, {ARGUMENT(0, 0), MASKED(2, UINT64_MAX, 0)}},   /* to read */
        {"prlimit64", 2, {ARGUMENT(0, 0), ARGUMENT(1, RLIMIT_RTTIME)}}, /* of real time */
        {"socket", 1, {ARGUMENT(0, AF_UNIX)}, SANDBOX_LOCAL},
        /* Not for datagrams: either end could send them to any other socket. */
        {"socketpair", 2, {ARGUMENT(0, AF_UNIX), MASKED(1, TYPE_MASK, SOCK_STREAM)}},
        {"socketpair", 2, {ARGUMENT(0, AF_UNIX), MASKED(1, TYPE_MASK, SOCK_SEQPACKET)}},
        {"socket", 2, {ARGUMENT(0, AF_NETLINK), ARGUMENT(2, NETLINK_ROUTE)}},
        {"socket", 2, {ARGUMENT(0, AF_INET), MASKED(1, TYPE_MASK, SOCK_DGRAM)}, SANDBOX_NETWORK},
        {"socket", 2, {ARGUMENT(0, AF_INET), MASKED(1, TYPE_MASK, SOCK_STREAM)}, SANDBOX_NETWORK},
        {"socket", 2, {ARGUMENT(0, AF_INET6), MASKED(1, TYPE_MASK, SOCK_DGRAM)}, SANDBOX_NETWORK},
        {"socket", 2, {ARGUMENT(0, AF_INET6), MASKED(1, TYPE_MASK, SOCK_STREAM)}, SANDBOX_NETWORK},
        {"prctl", 1, {ARGUMENT(0, PR_SET_NAME)}},
        {"prctl", 1, {ARGUMENT(0, PR_GET_NAME)}},
        {"prctl", 1, {ARGUMENT(0, PR_GET_DUMPABLE)}},
        {"prctl", 1, {ARGUMENT(0, PR_CAPBSET_READ)}},
        {"prctl", 1, {ARGUMENT(0, PR_SET_TIMERSLACK)}},
        {"prctl", 1, {ARGUMENT(0, PR_SET_VMA)}},
        {"ioctl", 1, {ARGUMENT(1, TCGETS)}},
        {"ioctl", 1, {ARGUMENT(1, FIONREAD)}},
        {"ioctl", 1, {ARGUMENT(1, FIONBIO)}},
        {"ioctl", 1, {ARGUMENT(1, FIOCLEX)}},
        {"ioctl", 1, {ARGUMENT(1, SIOCOUTQ)}},
        {"ioctl", 1, {ARGUMENT(1, SIOCGSTAMPNS)}}, /* whether anything still arrives */
        {"ioctl", 1, {ARGUMENT(1, SIOCGIFCONF)}},  /* network interfaces and their addresses */
        {"ioctl", 1, {ARGUMENT(1, SIOCGIFNAME)}},
        {"ioctl", 1, {ARGUMENT(1, SIOCGIFINDEX)}},
        {"ioctl", 1, {ARGUMENT(1, SIOCGIFADDR)}},
        {"ioctl", 1, {ARGUMENT(1, SIOCGIFNETMASK)}},
        {"ioctl", 1, {ARGUMENT(1, SIOCGIFFLAGS)}},
        {"ioctl", 1, {ARGUMENT(1, SIOCGIFMTU)}},
        {"ioctl", 1, {ARGUMENT(1, SIOCGIFHWADDR)}},
        {"ioctl", 1, {ARGUMENT(1, DMA_BUF_IOCTL_SYNC)}}, /* pictures of a shared screen */
};

/* Adds no rule for a call that libseccomp does not know, nor one that equals the default action. */
static int add_rule(scmp_filter_ctx filter, uint32_t action, const char *name, unsigned n,
                    const struct scmp_arg_cmp *conditions)
{
        int number = seccomp_syscall_resolve_name(name);
        uint32_t otherwise;
        int r = seccomp_attr_get(filter, SCMP_FLTATR_ACT_DEFAULT, &otherwise);

        if (r < 0 || number == __NR_SCMP_ERROR || action == otherwise)
                return r;
        return seccomp_rule_add_array(filter, action, number, n, conditions);
}

static int add_group(scmp_filter_ctx filter, const SyscallGroup *group)
{
        uint32_t action = group->error ? SCMP_ACT_ERRNO(group->error) : SCMP_ACT_ALLOW;
        _cleanup_free_ char *names = strdup(group->names);
        char *next = names, *name;
        int r = names ? 0 : -ENOMEM;

        while (r == 0 && (name = strsep(&next, " ")))
                r = add_rule(filter, action, name, 0, NULL);
        return r;
}

/*
 * Loads one of two filters; of both, the kernel obeys the stricter one. The first (`arguments`
 * false) knows names only, and ends the process at any other system call; the second also checks
 * arguments, and refuses the rest with EACCES. (A single filter has only one action for calls
 * without a rule.)
 */
static int load_filter(bool arguments, unsigned needs)
{
        const struct scmp_arg_cmp self = ARGUMENT(0, getpid());
        scmp_filter_ctx filter =
                seccomp_init(arguments ? SCMP_ACT_ERRNO(EACCES) : SCMP_ACT_KILL_PROCESS);
        int r;

        if (!filter)
                return -ENOMEM;
        r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
        for (size_t i = 0; i < ELEMENTSOF(groups) && r == 0; i++)
                r = add_group(filter, &groups[i]);
        for (size_t i = 0; i < ELEMENTSOF(guarded) && r == 0; i++)
                if (!arguments || (guarded[i].needs & needs) == guarded[i].needs)
                        r = add_rule(filter, SCMP_ACT_ALLOW, guarded[i].name,
                                     arguments ? guarded[i].n : 0, guarded[i].conditions);
        if (r == 0) /* for abort(3): signals to this process only */
                r = add_rule(filter, SCMP_ACT_ALLOW, "tgkill", 1, &self);
        if (r == 0 && !arguments) /* to load the second filter */
                r = add_rule(filter, SCMP_ACT_ALLOW, "seccomp", 0, NULL);
        if (r == 0)
                r = seccomp_load(filter);
        seccomp_release(filter);
        return r;
}

/* Makes descriptor `to` what is at `path`, else nothing. */
static int replace(int to, const char *path, int flags)
{
        _cleanup_close_ int fd = open(path, flags | O_CLOEXEC | O_NOCTTY);

        if (fd < 0)
                fd = open("/dev/null", flags | O_CLOEXEC);
        return fd < 0 || dup2(fd, to) < 0 ? -errno : 0;
}

/* A terminal is open for reading, too, on every descriptor: what is typed there, passwords, too. */
static int read_no_terminal(void)
{
        char path[32];
        int r = replace(STDIN_FILENO, "/dev/null", O_RDONLY);

        for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO && r == 0; fd++) {
                snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
                if (isatty(fd))
                        r = replace(fd, path, O_WRONLY);
        }
        return r;
}

int sandbox_enter(unsigned needs)
{
        const struct rlimit none = {};
        int r;

        /* No core dump: speech of a call must not end up in a file. */
        if (setrlimit(RLIMIT_CORE, &none) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return -errno;
        r = read_no_terminal();
        if (r == 0)
                r = sandbox_files((needs & SANDBOX_FILES) || SANITIZED);
        if (r == 0)
                r = load_filter(false, needs);
        if (r == 0)
                r = load_filter(true, needs);
        return r;
}
