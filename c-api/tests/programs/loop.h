// An event loop over poll(): it drives many calls of one thread.

#ifndef LOOP_H
#define LOOP_H

#include "check.h"
#include <poll.h>

// A call and what it waits for.
struct flight {
    pc_call *call;
    pc_wait wait;
};

static inline void go_on(struct flight *flight)
{
    flight->wait.size = sizeof flight->wait;
    CHECK_OK(pc_call_progress(flight->call, &flight->wait));
    CHECK(flight->wait.finished == (flight->wait.timeout_ms == -1));
    CHECK((flight->wait.descriptor == -1) == (flight->wait.direction == PC_DIRECTION_NONE));
}

// The entry for poll().
static inline struct pollfd pollfd_of(const struct flight *flight)
{
    struct pollfd pollfd = {.fd = flight->wait.descriptor};

    pollfd.events = flight->wait.direction == PC_DIRECTION_WRITE ? POLLOUT : POLLIN;
    return pollfd;
}

// Runs one turn, of `at_most_ms`. Returns how many calls have not finished.
static inline size_t turn(struct flight *flights, size_t count, int at_most_ms)
{
    struct pollfd *pollfds = calloc(count, sizeof *pollfds);
    size_t waiting = 0;

    CHECK(pollfds != NULL);
    for (size_t i = 0; i < count; i++) {
        pollfds[i] = pollfd_of(&flights[i]);
        waiting += !flights[i].wait.finished;
        if (!flights[i].wait.finished && flights[i].wait.timeout_ms < at_most_ms)
            at_most_ms = flights[i].wait.timeout_ms;
    }
    CHECK(waiting == 0 || poll(pollfds, count, at_most_ms) >= 0);
    waiting = 0;
    for (size_t i = 0; i < count; i++) {
        // If the time-out has not passed yet, this call is too early, which is harmless.
        if (!flights[i].wait.finished)
            go_on(&flights[i]);
        waiting += !flights[i].wait.finished;
    }
    free(pollfds);
    return waiting;
}

static inline void finish(struct flight *flights, size_t count)
{
    size_t waiting = count;

    for (int turns = 0; waiting > 0; turns++) {
        CHECK(turns < 100000);
        waiting = turn(flights, count, PATIENCE_MS);
    }
}

static inline pc_async *async_from(pc_config *config)
{
    pc_async *client = NULL;

    CHECK_OK(pc_async_new(config, &client));
    pc_config_free(&config);
    return client;
}

static inline pc_async *async_of(const char *server)
{
    return async_from(config_of(server));
}

static inline struct flight begin_acquire(pc_async *client, pc_mode mode, const char *key, int64_t timeout_seconds)
{
    pc_request request = make_request(mode, key, timeout_seconds);
    struct flight flight = {.call = NULL};

    CHECK_OK(pc_async_acquire(client, &request, &flight.call));
    go_on(&flight);
    return flight;
}

// Takes the result of a successful call, and frees it.
static inline pc_outcome result(struct flight *flight, pc_lock *lock)
{
    pc_outcome outcome;

    CHECK_OK(pc_call_result(flight->call, lock, &outcome));
    pc_call_free(&flight->call);
    CHECK(flight->call == NULL);
    return outcome;
}

static inline pc_outcome acquire_async(pc_async *client, pc_mode mode, const char *key, pc_lock *lock)
{
    struct flight flight = begin_acquire(client, mode, key, 0);

    finish(&flight, 1);
    return result(&flight, lock);
}

static inline pc_lock locked_async(pc_async *client, const char *key)
{
    pc_lock lock;

    CHECK_NUMBER(acquire_async(client, PC_MODE_FOR_ME, key, &lock), PC_OUTCOME_LOCKED);
    CHECK(lock != 0);
    return lock;
}

static inline void release_async(pc_async *client, pc_lock lock)
{
    struct flight flight = {.call = NULL};

    CHECK_OK(pc_async_release(client, lock, &flight.call));
    go_on(&flight);
    finish(&flight, 1);
    CHECK_NUMBER(result(&flight, NULL), PC_OUTCOME_RELEASED);
}

#endif
