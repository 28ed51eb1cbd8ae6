// Another client, which waits for a lock in its own thread.

#ifndef WAITER_H
#define WAITER_H

#include "check.h"
#include <pthread.h>

struct waiter {
    pthread_t thread;
    const char *server;
    const char *key;
    pc_mode mode;
    pc_error error;
    pc_outcome outcome;
    char message[128];
};

static inline void *wait_in_thread(void *argument)
{
    struct waiter *waiter = argument;
    pc_client *client = client_of(waiter->server);
    pc_request request = make_request(waiter->mode, waiter->key, 60);
    pc_lock lock;

    waiter->error = pc_client_acquire(client, &request, &lock, &waiter->outcome);
    snprintf(waiter->message, sizeof waiter->message, "%s", pc_client_error_message(client));
    if (waiter->error == PC_OK && waiter->outcome == PC_OUTCOME_LOCKED)
        CHECK_OK(pc_client_release(client, lock, NULL));
    pc_client_free(&client);
    return NULL;
}

static inline void start_waiter(struct waiter *waiter, const char *server, pc_mode mode, const char *key)
{
    waiter->server = server;
    waiter->mode = mode;
    waiter->key = key;
    CHECK_NUMBER(pthread_create(&waiter->thread, NULL, wait_in_thread, waiter), 0);
}

static inline void join_waiter(struct waiter *waiter)
{
    CHECK_NUMBER(pthread_join(waiter->thread, NULL), 0);
}

static inline void expect_outcome(struct waiter *waiter, pc_outcome outcome)
{
    join_waiter(waiter);
    CHECK_NUMBER(waiter->error, PC_OK);
    CHECK_NUMBER(waiter->outcome, outcome);
}

#endif
