/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/checkpointer.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"

#define CHECKPOINT_PAGES 1000 /* pages of the log; SQLite's own default */
/*
 * A log of this many pages is restarted. SQLite overwrites the log from its beginning only after a
 * checkpoint has reached its end; under load a passive one never does. The file keeps its length:
 * overwriting existing blocks costs a third of allocating new ones.
 */
#define RESTART_PAGES 16000 /* 64 MB */
#define RESTART_BUSY_MS 100 /* the writer waits meanwhile: give up soon, and try again later */

/* A sync holds up every writer of the file, so one sync covers all calls that end in this time. */
#define SYNC_SPACING_US (20 * USEC_PER_MSEC)

#define NSEC_PER_SEC 1000000000L

struct Checkpointer {
        pthread_t thread;
        pthread_mutex_t lock;
        pthread_cond_t wake;
        bool is_running;
        bool sync, checkpoint, stop; /* under the lock */

        /* Only the thread uses these. */
        sqlite3 *handle;
        int log_fd; /* the -wal file; it stays the same inode as long as a connection is open */
};

static int move_log(Checkpointer *checkpointer, int mode, int *ret_n_pages)
{
        int result = sqlite3_wal_checkpoint_v2(checkpointer->handle, NULL, mode, ret_n_pages, NULL);

        if (result != SQLITE_OK && result != SQLITE_BUSY)
                log_error("cannot move the log into the database: %s", sqlite3_errstr(result));
        return result;
}

static void checkpoint(Checkpointer *checkpointer)
{
        int n_pages;

        if (move_log(checkpointer, SQLITE_CHECKPOINT_PASSIVE, &n_pages) != SQLITE_OK ||
            n_pages < RESTART_PAGES)
                return;
        /*
         * The second pass moves what was written during the first, so that little is left for the
         * pass that the writer has to wait for.
         */
        if (move_log(checkpointer, SQLITE_CHECKPOINT_PASSIVE, NULL) == SQLITE_OK)
                (void)move_log(checkpointer, SQLITE_CHECKPOINT_RESTART, NULL);
}

/* Called with the lock held; only checkpointer_free() cuts the pause short. */
static void pause_syncing(Checkpointer *checkpointer)
{
        struct timespec deadline;

        clock_gettime(CLOCK_MONOTONIC, &deadline);
        deadline.tv_nsec += SYNC_SPACING_US * 1000;
        if (deadline.tv_nsec >= NSEC_PER_SEC) {
                deadline.tv_nsec -= NSEC_PER_SEC;
                deadline.tv_sec++;
        }
        while (!checkpointer->stop &&
               pthread_cond_timedwait(&checkpointer->wake, &checkpointer->lock, &deadline) !=
                       ETIMEDOUT)
                ;
}

static void *checkpointer_run(void *userdata)
{
        Checkpointer *checkpointer = userdata;

        pthread_mutex_lock(&checkpointer->lock);
        while (!checkpointer->stop || checkpointer->sync) {
                if (!checkpointer->sync && !checkpointer->checkpoint) {
                        pthread_cond_wait(&checkpointer->wake, &checkpointer->lock);
                        continue;
                }
                bool does_sync = checkpointer->sync, does_checkpoint = checkpointer->checkpoint;

                checkpointer->sync = checkpointer->checkpoint = false;
                pthread_mutex_unlock(&checkpointer->lock);
                if (does_sync && fdatasync(checkpointer->log_fd) < 0)
                        log_error("cannot sync the database's log: %s", strerror(errno));
                if (does_checkpoint)
                        checkpoint(checkpointer);
                pthread_mutex_lock(&checkpointer->lock);
                pause_syncing(checkpointer);
        }
        pthread_mutex_unlock(&checkpointer->lock);
        return NULL;
}

static int checkpointer_open(Checkpointer *checkpointer, const char *path)
{
        _cleanup_free_ char *log_path = str_printf("%s-wal", path);

        if (!log_path)
                return -ENOMEM;
        int result = sqlite3_open_v2(path, &checkpointer->handle,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
        /* A connection that has read nothing does not know the log yet and would move nothing. */
        if (result == SQLITE_OK)
                result = sqlite3_exec(checkpointer->handle, "PRAGMA schema_version", NULL, NULL,
                                      NULL);
        if (result != SQLITE_OK)
                return result == SQLITE_NOMEM ? -ENOMEM : -EIO;
        sqlite3_busy_timeout(checkpointer->handle, RESTART_BUSY_MS);
        checkpointer->log_fd = open(log_path, O_RDWR | O_CLOEXEC | O_NOCTTY);
        return checkpointer->log_fd < 0 ? -errno : 0;
}

int checkpointer_new(const char *path, Checkpointer **ret)
{
        _cleanup_(checkpointer_freep) Checkpointer *checkpointer = calloc(1, sizeof(*checkpointer));
        pthread_condattr_t attributes;

        if (!checkpointer)
                return -ENOMEM;
        checkpointer->log_fd = -1;
        pthread_mutex_init(&checkpointer->lock, NULL);
        /* A change of the date must not change the length of a pause. */
        pthread_condattr_init(&attributes);
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        pthread_cond_init(&checkpointer->wake, &attributes);
        pthread_condattr_destroy(&attributes);
        int r = checkpointer_open(checkpointer, path);
        if (r < 0)
                return r;
        r = pthread_create(&checkpointer->thread, NULL, checkpointer_run, checkpointer);
        if (r != 0)
                return -r;
        checkpointer->is_running = true;
        *ret = TAKE_PTR(checkpointer);
        return 0;
}

Checkpointer *checkpointer_free(Checkpointer *checkpointer)
{
        if (!checkpointer)
                return NULL;
        if (checkpointer->is_running) {
                pthread_mutex_lock(&checkpointer->lock);
                checkpointer->stop = true;
                pthread_cond_signal(&checkpointer->wake);
                pthread_mutex_unlock(&checkpointer->lock);
                pthread_join(checkpointer->thread, NULL);
        }
        pthread_cond_destroy(&checkpointer->wake);
        pthread_mutex_destroy(&checkpointer->lock);
        closep(&checkpointer->log_fd);
        sqlite3_close(checkpointer->handle);
        free(checkpointer);
        return NULL;
}

static void ask(Checkpointer *checkpointer, bool *flag)
{
        pthread_mutex_lock(&checkpointer->lock);
        if (!*flag)
                pthread_cond_signal(&checkpointer->wake);
        *flag = true;
        pthread_mutex_unlock(&checkpointer->lock);
}

void checkpointer_sync(Checkpointer *checkpointer)
{
        ask(checkpointer, &checkpointer->sync);
}

void checkpointer_log_grew(int n_pages, void *checkpointer)
{
        if (n_pages >= CHECKPOINT_PAGES)
                ask(checkpointer, &((Checkpointer *)checkpointer)->checkpoint);
}
