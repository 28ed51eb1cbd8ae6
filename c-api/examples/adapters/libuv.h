// Drives calls of libpoolcounter on a loop of libuv. Names of servers are looked up by libuv, so nothing blocks.
//
//     pc_config_set_look_ups_by_caller(config, 1);
//     pc_async_new(config, &client);
//     pc_async_acquire(client, &request, &call);
//     pc_uv_run(loop, client, call, acquired, data); // Calls acquired(call, data) when there is a result.
//     uv_run(loop, UV_RUN_DEFAULT);
//
// All of it belongs to the loop's thread. Copy this file into your program. uv.h wants POSIX: compile with -std=gnu99, or
// with _POSIX_C_SOURCE.

#ifndef POOLCOUNTER_LIBUV_H
#define POOLCOUNTER_LIBUV_H

#include <netdb.h>
#include <poolcounter.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <uv.h>

// Called when a call has finished: it calls pc_call_result(). The call is freed afterwards.
typedef void pc_uv_done(pc_call *call, void *data);

// A call on a loop.
typedef struct {
    uv_loop_t *loop;
    pc_async *client;
    pc_call *call;
    pc_uv_done *done;
    void *data;
    uv_timer_t timer;
    // The handle that watches the descriptor, or NULL.
    uv_poll_t *poll;
} pc_uv_call;

// A look-up of a name. It may outlive its call and its client.
typedef struct {
    uv_getaddrinfo_t request;
    char host[256];
} pc_uv_look_up;

static void pc_uv_free(uv_handle_t *handle)
{
    free(handle->data);
}

// Must be called before the descriptor may be closed.
static void pc_uv_take_off(pc_uv_call *run)
{
    uv_timer_stop(&run->timer);
    if (!run->poll)
        return;
    uv_poll_stop(run->poll);
    // A handle is for one descriptor, and its memory is free when the loop says so.
    run->poll->data = run->poll;
    uv_close((uv_handle_t *)run->poll, pc_uv_free);
    run->poll = NULL;
}

static void pc_uv_found(uv_getaddrinfo_t *request, int status, struct addrinfo *list)
{
    pc_uv_look_up *look_up = request->data;
    char addresses[1024] = "";
    size_t length = 0;

    for (struct addrinfo *each = list; each && length + 80 < sizeof addresses; each = each->ai_next) {
        char *end = addresses + length;
        if (length > 0)
            *end++ = ',';
        if (getnameinfo(each->ai_addr, each->ai_addrlen, end, 79, NULL, 0, NI_NUMERICHOST) == 0)
            length = strlen(addresses);
        else
            addresses[length] = '\0';
    }
    pc_looked_up(look_up->host, length ? addresses : NULL, status ? uv_strerror(status) : "no address");
    uv_freeaddrinfo(list);
    free(look_up);
}

static void pc_uv_begin_look_up(pc_uv_call *run, const char *host)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    pc_uv_look_up *look_up = host && strlen(host) < sizeof look_up->host ? malloc(sizeof *look_up) : NULL;
    int error = UV_ENOMEM;

    if (look_up) {
        strcpy(look_up->host, host);
        look_up->request.data = look_up;
        error = uv_getaddrinfo(run->loop, &look_up->request, pc_uv_found, host, NULL, &hints);
    }
    if (error) {
        pc_looked_up(host, NULL, uv_strerror(error));
        free(look_up);
    }
}

// Frees the call, and cancels it if it has not finished. Not after `done` was called.
static void pc_uv_end(pc_uv_call *run)
{
    pc_uv_take_off(run);
    pc_call_free(&run->call);
    run->timer.data = run;
    uv_close((uv_handle_t *)&run->timer, pc_uv_free);
}

static void pc_uv_go_on(pc_uv_call *run);

static void pc_uv_ready(uv_poll_t *poll, int status, int events)
{
    // The library itself detects errors of the descriptor.
    (void)status, (void)events;
    pc_uv_go_on(poll->data);
}

static void pc_uv_timeout(uv_timer_t *timer)
{
    pc_uv_go_on(timer->data);
}

static void pc_uv_put_on(pc_uv_call *run, const pc_wait *wait)
{
    uv_timer_start(&run->timer, pc_uv_timeout, (uint64_t)wait->timeout_ms, 0);
    if (wait->descriptor < 0 || !(run->poll = malloc(sizeof *run->poll)))
        return;
    if (uv_poll_init(run->loop, run->poll, wait->descriptor) != 0) {
        // The time-out ends the call.
        free(run->poll);
        run->poll = NULL;
        return;
    }
    run->poll->data = run;
    uv_poll_start(run->poll, wait->direction == PC_DIRECTION_WRITE ? UV_WRITABLE : UV_READABLE, pc_uv_ready);
}

static void pc_uv_go_on(pc_uv_call *run)
{
    pc_wait wait = {.size = sizeof wait, .look_up = -1};
    pc_error error;

    pc_uv_take_off(run);
    while ((error = pc_call_progress(run->call, &wait)) == PC_OK && !wait.finished && wait.look_up >= 0)
        pc_uv_begin_look_up(run, pc_async_server_host(run->client, (size_t)wait.look_up));
    if (error == PC_OK && !wait.finished) {
        pc_uv_put_on(run, &wait);
        return;
    }
    run->done(run->call, run->data);
    pc_uv_end(run);
}

// Drives a call, which belongs to the loop from now on. With pc_uv_end(), what is returned can be given up before `done`
// is called; NULL if there is no memory, and the call is freed.
static inline pc_uv_call *pc_uv_run(uv_loop_t *loop, pc_async *client, pc_call *call, pc_uv_done *done, void *data)
{
    pc_uv_call *run = calloc(1, sizeof *run);

    if (!run) {
        pc_call_free(&call);
        return NULL;
    }
    run->loop = loop;
    run->client = client;
    run->call = call;
    run->done = done;
    run->data = data;
    uv_timer_init(loop, &run->timer);
    run->timer.data = run;
    // Not earlier, because the caller must get the return value first.
    uv_timer_start(&run->timer, pc_uv_timeout, 0, 0);
    return run;
}

#endif
