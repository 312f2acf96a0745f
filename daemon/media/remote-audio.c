/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/remote-audio.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/eventfd.h>

#include "base/str.h"

struct RemoteAudio {
        CallAudio *audio;   /* not owned */
        Playback *playback; /* NULL: nothing is played */
        char node[NODE_NAME_MAX + 1];
        GMutex lock; /* one writer of the queue at a time: an old connection may still write */
        const void *source, *next; /* next: becomes the source with its first packet */
        PacketQueue queue;
        RemoteAudioActivity activity;
        void *userdata;
        int speech_fd; /* wakes the main loop from the loudspeaker's thread */
        guint speech_source;
        bool speaking;
};

/* In the loudspeaker's thread, which must neither lock nor allocate. */
static void on_speech(void *data)
{
        RemoteAudio *remote = data;

        eventfd_write(remote->speech_fd, 1);
}

static gboolean on_speech_event(int fd, GIOCondition condition, void *data)
{
        RemoteAudio *remote = data;
        eventfd_t count;

        eventfd_read(fd, &count);
        if (remote->speaking == atomic_load(&remote->queue.speaking))
                return G_SOURCE_CONTINUE;
        remote->speaking = !remote->speaking;
        remote->activity(remote->userdata);
        return G_SOURCE_CONTINUE;
}

static int play(RemoteAudio *remote, const char *session, const Party *party)
{
        _cleanup_free_ char *description =
                str_printf("%s, call", str_empty(party->name) ? party->uid : party->name);
        _cleanup_free_ char *id = str_printf(STREAM_ID_VOICE "%s", party->uid);

        if (!description || !id)
                return -ENOMEM;
        snprintf(remote->node, sizeof(remote->node), "tring.%s.playback.%s", session, party->uid);
        return call_audio_play(remote->audio, id, remote->node, description, &remote->queue,
                               &remote->playback);
}

int remote_audio_new(CallAudio *audio, const char *session, const Party *party,
                     RemoteAudioActivity activity, void *userdata, RemoteAudio **ret)
{
        _cleanup_(remote_audio_freep) RemoteAudio *remote = calloc(1, sizeof(*remote));
        int r;

        if (!remote)
                return -ENOMEM;
        g_mutex_init(&remote->lock);
        remote->audio = audio;
        remote->activity = activity;
        remote->userdata = userdata;
        remote->speech_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (remote->speech_fd < 0)
                return -errno;
        remote->speech_source = g_unix_fd_add(remote->speech_fd, G_IO_IN, on_speech_event, remote);
        r = packet_queue_init(&remote->queue);
        remote->queue.speech_changed = on_speech;
        remote->queue.userdata = remote;
        if (r == 0 && audio)
                r = play(remote, session, party);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(remote);
        return 0;
}

RemoteAudio *remote_audio_free(RemoteAudio *remote)
{
        if (!remote)
                return NULL;
        if (remote->playback)
                call_audio_stop(remote->audio, remote->playback);
        if (remote->speech_source)
                g_source_remove(remote->speech_source);
        if (remote->speech_fd >= 0)
                close(remote->speech_fd);
        packet_queue_done(&remote->queue);
        g_mutex_clear(&remote->lock);
        free(remote);
        return NULL;
}

void remote_audio_follow(RemoteAudio *remote, const void *source)
{
        g_mutex_lock(&remote->lock);
        remote->next = source;
        g_mutex_unlock(&remote->lock);
}

void remote_audio_write(RemoteAudio *remote, const void *source, const RtpHeader *header,
                        const uint8_t *payload, size_t length)
{
        g_mutex_lock(&remote->lock);
        if (remote->next == source)
                remote->source = source;
        if (remote->source == source)
                packet_queue_put(&remote->queue, header->source, header->timestamp, payload,
                                 length);
        g_mutex_unlock(&remote->lock);
}

const char *remote_audio_node(const RemoteAudio *remote)
{
        return remote->node;
}

bool remote_audio_is_speaking(const RemoteAudio *remote)
{
        return remote->speaking;
}

void remote_audio_count(const RemoteAudio *remote, PacketCounts *ret)
{
        packet_queue_count(&remote->queue, ret);
}
