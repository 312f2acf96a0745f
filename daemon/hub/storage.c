/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/storage.h"

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

#define CHECKPOINT_PAGES 1000 /* of the log; SQLite's own measure */
/*
 * Under load a passive one never gets to the end, and only then is the log written from its
 * beginning again. The file stays as long as it was: what has its place on the disk and in memory
 * already costs a third of what new blocks do.
 */
#define RESTART_PAGES 16000 /* 64 MB */
#define RESTART_BUSY_MS 100 /* it holds the writer up: rather later than long */

/*
 * Syncing holds up who writes the same file, so under load one sync is for all calls that ended in
 * this time.
 */
#define SYNC_SPACING_US (20 * USEC_PER_MSEC)

#define NSEC_PER_SEC 1000000000L

struct Storage {
        pthread_t thread;
        pthread_mutex_t lock;
        pthread_cond_t wake;
        bool is_running;
        bool sync, checkpoint, stop; /* under the lock */

        /* The thread's own. */
        sqlite3 *handle;
        int log_fd; /* the -wal file: the one inode for as long as a connection is open */
};

static int move_log(Storage *storage, int mode, int *ret_n_pages)
{
        int result = sqlite3_wal_checkpoint_v2(storage->handle, NULL, mode, ret_n_pages, NULL);

        if (result != SQLITE_OK && result != SQLITE_BUSY)
                log_error("cannot move the log into the database: %s", sqlite3_errstr(result));
        return result;
}

static void checkpoint(Storage *storage)
{
        int n_pages;

        if (move_log(storage, SQLITE_CHECKPOINT_PASSIVE, &n_pages) != SQLITE_OK ||
            n_pages < RESTART_PAGES)
                return;
        /* What has come meanwhile, and then what has come meanwhile: little, for which the writer
         * waits. */
        if (move_log(storage, SQLITE_CHECKPOINT_PASSIVE, NULL) == SQLITE_OK)
                (void)move_log(storage, SQLITE_CHECKPOINT_RESTART, NULL);
}

/* Called with the lock; only the end of all cuts the pause short. */
static void pause_syncing(Storage *storage)
{
        struct timespec deadline;

        clock_gettime(CLOCK_MONOTONIC, &deadline);
        deadline.tv_nsec += SYNC_SPACING_US * 1000;
        if (deadline.tv_nsec >= NSEC_PER_SEC) {
                deadline.tv_nsec -= NSEC_PER_SEC;
                deadline.tv_sec++;
        }
        while (!storage->stop &&
               pthread_cond_timedwait(&storage->wake, &storage->lock, &deadline) != ETIMEDOUT)
                ;
}

static void *storage_run(void *userdata)
{
        Storage *storage = userdata;

        pthread_mutex_lock(&storage->lock);
        while (!storage->stop || storage->sync) {
                if (!storage->sync && !storage->checkpoint) {
                        pthread_cond_wait(&storage->wake, &storage->lock);
                        continue;
                }
                bool does_sync = storage->sync, does_checkpoint = storage->checkpoint;

                storage->sync = storage->checkpoint = false;
                pthread_mutex_unlock(&storage->lock);
                if (does_sync && fdatasync(storage->log_fd) < 0)
                        log_error("cannot sync the database's log: %s", strerror(errno));
                if (does_checkpoint)
                        checkpoint(storage);
                pthread_mutex_lock(&storage->lock);
                pause_syncing(storage);
        }
        pthread_mutex_unlock(&storage->lock);
        return NULL;
}

static int storage_open(Storage *storage, const char *path)
{
        _cleanup_free_ char *log_path = str_printf("%s-wal", path);

        if (!log_path)
                return -ENOMEM;
        int result = sqlite3_open_v2(path, &storage->handle,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
        /* A connection that has read nothing yet does not know of the log: it would move nothing.
         */
        if (result == SQLITE_OK)
                result = sqlite3_exec(storage->handle, "PRAGMA schema_version", NULL, NULL, NULL);
        if (result != SQLITE_OK)
                return result == SQLITE_NOMEM ? -ENOMEM : -EIO;
        sqlite3_busy_timeout(storage->handle, RESTART_BUSY_MS);
        storage->log_fd = open(log_path, O_RDWR | O_CLOEXEC | O_NOCTTY);
        return storage->log_fd < 0 ? -errno : 0;
}

int storage_new(const char *path, Storage **ret)
{
        _cleanup_(storage_freep) Storage *storage = calloc(1, sizeof(*storage));
        pthread_condattr_t attributes;

        if (!storage)
                return -ENOMEM;
        storage->log_fd = -1;
        pthread_mutex_init(&storage->lock, NULL);
        /* A pause must not depend on the date. */
        pthread_condattr_init(&attributes);
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        pthread_cond_init(&storage->wake, &attributes);
        pthread_condattr_destroy(&attributes);
        int r = storage_open(storage, path);
        if (r < 0)
                return r;
        r = pthread_create(&storage->thread, NULL, storage_run, storage);
        if (r != 0)
                return -r;
        storage->is_running = true;
        *ret = TAKE_PTR(storage);
        return 0;
}

Storage *storage_free(Storage *storage)
{
        if (!storage)
                return NULL;
        if (storage->is_running) {
                pthread_mutex_lock(&storage->lock);
                storage->stop = true;
                pthread_cond_signal(&storage->wake);
                pthread_mutex_unlock(&storage->lock);
                pthread_join(storage->thread, NULL);
        }
        pthread_cond_destroy(&storage->wake);
        pthread_mutex_destroy(&storage->lock);
        closep(&storage->log_fd);
        sqlite3_close(storage->handle);
        free(storage);
        return NULL;
}

static void ask(Storage *storage, bool *flag)
{
        pthread_mutex_lock(&storage->lock);
        if (!*flag)
                pthread_cond_signal(&storage->wake);
        *flag = true;
        pthread_mutex_unlock(&storage->lock);
}

void storage_sync(Storage *storage)
{
        ask(storage, &storage->sync);
}

void storage_log_grew(int n_pages, void *storage)
{
        if (n_pages >= CHECKPOINT_PAGES)
                ask(storage, &((Storage *)storage)->checkpoint);
}
