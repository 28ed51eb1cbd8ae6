// Protects expensive work with a client that blocks: blocking 10.0.0.1 "page 1"

#include <poolcounter.h>
#include <stdio.h>
#include <string.h>

static pc_client *connect_to(const char *server)
{
    pc_config *config = NULL;
    pc_client *client = NULL;

    pc_config_new(&config);
    if (pc_config_add_server(config, server) != PC_OK || pc_client_new(config, &client) != PC_OK)
        fprintf(stderr, "%s\n", pc_config_error_cause(config));
    pc_config_free(&config);
    return client;
}

int main(int argc, char **argv)
{
    // At most 1 works on it, at most 100 work or wait, each for at most 15 seconds.
    pc_request request = {.size = sizeof request, .mode = PC_MODE_FOR_ANYONE,
                          .workers = 1, .maxqueue = 100, .timeout_seconds = 15};
    pc_client *client = argc == 3 ? connect_to(argv[1]) : NULL;
    pc_outcome outcome;
    pc_lock lock;

    if (!client) {
        fprintf(stderr, "Usage: %s SERVER KEY\n", argv[0]);
        return 2;
    }
    request.key = argv[2];
    request.key_length = strlen(argv[2]);
    if (pc_client_acquire(client, &request, &lock, &outcome) != PC_OK) {
        printf("work without a lock: %s\n", pc_client_error_message(client));
    } else if (outcome == PC_OUTCOME_LOCKED) {
        printf("work and store the result\n");
        // Had the work failed: pc_client_abandon(client, lock).
        pc_client_release(client, lock, NULL);
    } else if (outcome == PC_OUTCOME_DONE) {
        printf("read the result of another\n");
    } else {
        printf("%s: serve something old\n", pc_outcome_name(outcome));
    }
    pc_client_free(&client);
    return 0;
}
