// Acquires and releases many locks at once on a loop of libuv: libuv 10.0.0.1 "page 1" "page 2"

#define _POSIX_C_SOURCE 200809L

#include "adapters/libuv.h"
#include <stdio.h>

static pc_async *client;

static void released(pc_call *call, void *key)
{
    pc_outcome outcome;
    pc_error error = pc_call_result(call, NULL, &outcome);

    printf("%s: %s\n", (char *)key, error == PC_OK ? pc_outcome_name(outcome) : pc_async_error_message(client));
}

static void acquired(pc_call *call, void *key)
{
    pc_call *release = NULL;
    pc_outcome outcome;
    pc_lock lock;
    pc_error error = pc_call_result(call, &lock, &outcome);

    printf("%s: %s\n", (char *)key, error == PC_OK ? pc_outcome_name(outcome) : pc_async_error_message(client));
    // The work is done here, if it does not take long; else later, with the lock's number.
    if (error == PC_OK && outcome == PC_OUTCOME_LOCKED && pc_async_release(client, lock, &release) == PC_OK)
        pc_uv_run(uv_default_loop(), client, release, released, key);
}

static void acquire(char *key)
{
    pc_request request = {.size = sizeof request, .mode = PC_MODE_FOR_ANYONE, .key = key, .key_length = strlen(key),
                          .workers = 1, .maxqueue = 100, .timeout_seconds = 15};
    pc_call *call = NULL;

    if (pc_async_acquire(client, &request, &call) == PC_OK)
        pc_uv_run(uv_default_loop(), client, call, acquired, key);
    else
        printf("%s: %s\n", key, pc_async_error_message(client));
}

int main(int argc, char **argv)
{
    pc_config *config = NULL;

    if (argc < 3) {
        fprintf(stderr, "Usage: %s SERVER KEY...\n", argv[0]);
        return 2;
    }
    pc_config_new(&config);
    pc_config_set_look_ups_by_caller(config, 1);
    if (pc_config_add_server(config, argv[1]) != PC_OK || pc_async_new(config, &client) != PC_OK)
        fprintf(stderr, "%s\n", pc_config_error_cause(config));
    for (int i = 2; client && i < argc; i++)
        acquire(argv[i]);
    // Until every call has finished.
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
    uv_loop_close(uv_default_loop());
    pc_async_free(&client);
    pc_config_free(&config);
    return 0;
}
