// Acquires and releases many locks at once on GLib's main loop: glib 10.0.0.1 "page 1" "page 2"

#include "adapters/glib.h"
#include <stdio.h>
#include <string.h>

static pc_async *client;
static GMainLoop *loop;
static int running;

static void end_one(void)
{
    if (--running == 0)
        g_main_loop_quit(loop);
}

static void released(pc_call *call, gpointer key)
{
    pc_outcome outcome;
    pc_error error = pc_call_result(call, NULL, &outcome);

    printf("%s: %s\n", (char *)key, error == PC_OK ? pc_outcome_name(outcome) : pc_async_error_message(client));
    end_one();
}

static void acquired(pc_call *call, gpointer key)
{
    pc_call *release = NULL;
    pc_outcome outcome;
    pc_lock lock;
    pc_error error = pc_call_result(call, &lock, &outcome);

    printf("%s: %s\n", (char *)key, error == PC_OK ? pc_outcome_name(outcome) : pc_async_error_message(client));
    // The work is done here, if it does not take long; else later, with the lock's number.
    if (error == PC_OK && outcome == PC_OUTCOME_LOCKED && pc_async_release(client, lock, &release) == PC_OK)
        pc_glib_run(client, release, released, key);
    else
        end_one();
}

static void acquire(char *key)
{
    pc_request request = {.size = sizeof request, .mode = PC_MODE_FOR_ANYONE, .key = key, .key_length = strlen(key),
                          .workers = 1, .maxqueue = 100, .timeout_seconds = 15};
    pc_call *call = NULL;

    if (pc_async_acquire(client, &request, &call) == PC_OK) {
        pc_glib_run(client, call, acquired, key);
        running++;
    } else {
        printf("%s: %s\n", key, pc_async_error_message(client));
    }
}

int main(int argc, char **argv)
{
    pc_config *config = NULL;

    if (argc < 3) {
        fprintf(stderr, "Usage: %s SERVER KEY...\n", argv[0]);
        return 2;
    }
    loop = g_main_loop_new(NULL, FALSE);
    pc_config_new(&config);
    pc_config_set_look_ups_by_caller(config, 1);
    if (pc_config_add_server(config, argv[1]) != PC_OK || pc_async_new(config, &client) != PC_OK)
        fprintf(stderr, "%s\n", pc_config_error_cause(config));
    for (int i = 2; client && i < argc; i++)
        acquire(argv[i]);
    if (running > 0)
        g_main_loop_run(loop);
    pc_async_free(&client);
    pc_config_free(&config);
    g_main_loop_unref(loop);
    return 0;
}
