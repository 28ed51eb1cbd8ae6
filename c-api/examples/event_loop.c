// Acquires and releases many locks at once in one thread, over poll(): event_loop 10.0.0.1 "page 1" "page 2"

#include <poll.h>
#include <poolcounter.h>
#include <stdio.h>
#include <string.h>

enum { MAX_CALLS = 64 };

static pc_async *client;
static pc_call *calls[MAX_CALLS];
// What each call waits for.
static struct pollfd descriptors[MAX_CALLS];
static int timeouts_ms[MAX_CALLS];

// What a call gave. A lock that was acquired is released by the next call in its place.
static void finished(int i, const char *key)
{
    pc_outcome outcome;
    pc_lock lock;
    pc_error error = pc_call_result(calls[i], &lock, &outcome);

    printf("%s: %s\n", key, error == PC_OK ? pc_outcome_name(outcome) : pc_async_error_message(client));
    pc_call_free(&calls[i]);
    if (error == PC_OK && outcome == PC_OUTCOME_LOCKED)
        pc_async_release(client, lock, &calls[i]);
}

// Goes on with a call, and with the one that takes its place.
static void go_on(int i, const char *key)
{
    pc_wait wait = {.size = sizeof wait};

    descriptors[i].fd = -1;
    while (calls[i] && pc_call_progress(calls[i], &wait) == PC_OK && wait.finished)
        finished(i, key);
    if (!calls[i])
        return;
    descriptors[i].fd = wait.descriptor;
    descriptors[i].events = wait.direction == PC_DIRECTION_WRITE ? POLLOUT : POLLIN;
    timeouts_ms[i] = wait.timeout_ms;
}

// The time until the first call wants to go on; -1 if there is none.
static int soonest(int count)
{
    int timeout = -1;

    for (int i = 0; i < count; i++)
        if (calls[i] && (timeout < 0 || timeouts_ms[i] < timeout))
            timeout = timeouts_ms[i];
    return timeout;
}

static void run(char **keys, int count)
{
    for (int i = 0; i < count; i++) {
        pc_request request = {.size = sizeof request, .mode = PC_MODE_FOR_ANYONE,
                              .workers = 1, .maxqueue = 100, .timeout_seconds = 15};
        request.key = keys[i];
        request.key_length = strlen(keys[i]);
        if (pc_async_acquire(client, &request, &calls[i]) != PC_OK)
            printf("%s: %s\n", keys[i], pc_async_error_message(client));
        go_on(i, keys[i]);
    }
    for (int timeout; (timeout = soonest(count)) >= 0;) {
        poll(descriptors, (nfds_t)count, timeout);
        // Too early is harmless, so all of them may go on; a busy loop would look at revents and at its clock.
        for (int i = 0; i < count; i++)
            go_on(i, keys[i]);
    }
}

int main(int argc, char **argv)
{
    pc_config *config = NULL;

    if (argc < 3 || argc > MAX_CALLS + 2) {
        fprintf(stderr, "Usage: %s SERVER KEY...\n", argv[0]);
        return 2;
    }
    pc_config_new(&config);
    if (pc_config_add_server(config, argv[1]) != PC_OK || pc_async_new(config, &client) != PC_OK)
        fprintf(stderr, "%s\n", pc_config_error_cause(config));
    else
        run(argv + 2, argc - 2);
    pc_async_free(&client);
    pc_config_free(&config);
    return 0;
}
