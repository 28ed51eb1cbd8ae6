// Calls every function with NULL for each of its pointers: this is an error or does nothing, and writes no output.

#include "check.h"

// A call that must return PC_ERROR_NULL, by name.
#define REFUSES(call) {#call, (call)}
#define CHECK_ALL_REFUSED(cases) check_all_refused(cases, sizeof(cases) / sizeof *(cases))

struct result {
    const char *call;
    pc_error error;
};

static void check_all_refused(const struct result *results, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_number(results[i].error, PC_ERROR_NULL, results[i].call, __FILE__, __LINE__);
}

static void configurations(void)
{
    pc_config *config = config_of(NULL), *none = NULL;
    const struct result results[] = {
        REFUSES(pc_config_new(NULL)),
        REFUSES(pc_config_add_server(NULL, "a")),
        REFUSES(pc_config_add_server(config, NULL)),
        REFUSES(pc_config_add_ring_server(NULL, "a", "a", 1)),
        REFUSES(pc_config_add_ring_server(config, NULL, "a", 1)),
        REFUSES(pc_config_add_ring_server(config, "a", NULL, 1)),
        REFUSES(pc_config_set_connect_timeout_ms(NULL, 1)),
        REFUSES(pc_config_set_connect_twice(NULL, 1)),
        REFUSES(pc_config_set_min_answer_timeout_ms(NULL, 1)),
        REFUSES(pc_config_set_first_answer_timeout_ms(NULL, 1)),
        REFUSES(pc_config_set_avoid_for_ms(NULL, 1)),
        REFUSES(pc_config_set_max_idle_time_ms(NULL, 1)),
        REFUSES(pc_config_set_max_idle_connections(NULL, 1)),
        REFUSES(pc_config_set_await_release(NULL, 1)),
        REFUSES(pc_config_set_look_ups_by_caller(NULL, 1)),
    };

    CHECK_ALL_REFUSED(results);
    CHECK_OK(pc_config_set_max_idle_connections(config, 1));
    CHECK_NUMBER(pc_config_add_server(config, NULL), PC_ERROR_NULL);
    CHECK_TEXT(pc_config_error_cause(config), "server is NULL");
    CHECK_TEXT(pc_config_error_cause(NULL), "an argument is NULL");
    pc_config_free(NULL);
    pc_config_free(&none);
    pc_config_free(&config);
    CHECK(config == NULL);
    pc_config_free(&config);
}

static void blocking_clients(void)
{
    pc_config *config = config_of(servers[0].address);
    pc_client *client = client_of(servers[0].address), *none = NULL;
    pc_request request = make_request(PC_MODE_FOR_ME, "key", 0), keyless = request;
    pc_outcome outcome = PC_OUTCOME_DONE;
    pc_lock lock = 77;
    char *text = NULL;

    keyless.key = NULL;
    const struct result results[] = {
        REFUSES(pc_client_new(NULL, &none)),
        REFUSES(pc_client_new(config, NULL)),
        REFUSES(pc_client_acquire(NULL, &request, &lock, &outcome)),
        REFUSES(pc_client_acquire(client, NULL, &lock, &outcome)),
        REFUSES(pc_client_acquire(client, &request, NULL, &outcome)),
        REFUSES(pc_client_acquire(client, &request, &lock, NULL)),
        REFUSES(pc_client_acquire(client, &keyless, &lock, &outcome)),
        REFUSES(pc_client_acquire_until_signal(NULL, &request, &lock, &outcome)),
        REFUSES(pc_client_acquire_until_signal(client, NULL, &lock, &outcome)),
        REFUSES(pc_client_acquire_until_signal(client, &request, NULL, &outcome)),
        REFUSES(pc_client_acquire_until_signal(client, &request, &lock, NULL)),
        REFUSES(pc_client_resume(NULL, &lock, &outcome)),
        REFUSES(pc_client_resume(client, NULL, &outcome)),
        REFUSES(pc_client_resume(client, &lock, NULL)),
        REFUSES(pc_client_release(NULL, 1, &outcome)),
        REFUSES(pc_client_abandon(NULL, 1)),
        REFUSES(pc_client_stats(NULL, 0, "FULL", &text)),
        REFUSES(pc_client_stats(client, 0, NULL, &text)),
        REFUSES(pc_client_stats(client, 0, "FULL", NULL)),
        REFUSES(pc_client_close(NULL)),
        REFUSES(pc_client_last_error(NULL)),
    };

    CHECK_ALL_REFUSED(results);
    CHECK(none == NULL && text == NULL && lock == 77 && outcome == PC_OUTCOME_DONE);
    CHECK_NUMBER(pc_client_acquire(client, &keyless, &lock, &outcome), PC_ERROR_NULL);
    CHECK_TEXT(pc_client_error_message(client), "key is NULL");
    CHECK_TEXT(pc_client_error_server(client), "");
    CHECK_TEXT(pc_client_error_cause(client), "key is NULL");
    CHECK_NUMBER(pc_client_server_count(NULL), 0);
    CHECK(pc_client_server_name(NULL, 0) == NULL);
    CHECK_TEXT(pc_client_error_message(NULL), "an argument is NULL");
    CHECK_TEXT(pc_client_error_server(NULL), "");
    CHECK_TEXT(pc_client_error_cause(NULL), "an argument is NULL");
    CHECK_NUMBER(counter(client, "total_acquired"), 0);
    pc_string_free(NULL);
    pc_string_free(&text);
    pc_client_free(NULL);
    pc_client_free(&none);
    pc_client_free(&client);
    CHECK(client == NULL);
    pc_client_free(&client);
    pc_config_free(&config);
}

static void event_loops(void)
{
    pc_config *config = config_of(servers[0].address);
    pc_request request = make_request(PC_MODE_FOR_ME, "key", 0), keyless = request;
    pc_call *call = NULL, *made = NULL;
    pc_async *client, *none = NULL;

    keyless.key = NULL;
    CHECK_OK(pc_async_new(config, &client));
    const struct result results[] = {
        REFUSES(pc_async_new(NULL, &none)),
        REFUSES(pc_async_new(config, NULL)),
        REFUSES(pc_async_acquire(NULL, &request, &call)),
        REFUSES(pc_async_acquire(client, NULL, &call)),
        REFUSES(pc_async_acquire(client, &request, NULL)),
        REFUSES(pc_async_acquire(client, &keyless, &call)),
        REFUSES(pc_async_release(NULL, 1, &call)),
        REFUSES(pc_async_release(client, 1, NULL)),
        REFUSES(pc_async_abandon(NULL, 1)),
        REFUSES(pc_looked_up(NULL, "127.0.0.1", "cause")),
        REFUSES(pc_looked_up("host", NULL, NULL)),
        REFUSES(pc_async_stats(NULL, 0, "FULL", &call)),
        REFUSES(pc_async_stats(client, 0, NULL, &call)),
        REFUSES(pc_async_stats(client, 0, "FULL", NULL)),
        REFUSES(pc_async_close(NULL)),
        REFUSES(pc_async_last_error(NULL)),
    };

    CHECK_ALL_REFUSED(results);
    CHECK(none == NULL && call == NULL);
    CHECK_NUMBER(pc_async_acquire(client, NULL, &call), PC_ERROR_NULL);
    CHECK_TEXT(pc_async_error_message(client), "request is NULL");
    CHECK_NUMBER(pc_async_server_count(NULL), 0);
    CHECK(pc_async_server_name(NULL, 0) == NULL);
    CHECK(pc_async_server_host(NULL, 0) == NULL);
    CHECK_TEXT(pc_async_error_message(NULL), "an argument is NULL");
    CHECK_TEXT(pc_async_error_server(NULL), "");
    CHECK_TEXT(pc_async_error_cause(NULL), "an argument is NULL");
    CHECK_OK(pc_async_acquire(client, &request, &made));
    CHECK_NUMBER(pc_call_progress(made, NULL), PC_ERROR_NULL);
    pc_call_free(&made);
    CHECK(made == NULL);
    pc_call_free(&made);
    pc_async_free(NULL);
    pc_async_free(&none);
    pc_async_free(&client);
    CHECK(client == NULL);
    pc_async_free(&client);
    pc_config_free(&config);
}

static void calls(void)
{
    pc_outcome outcome = PC_OUTCOME_DONE;
    pc_wait wait = {.size = sizeof wait, .finished = 77};
    pc_lock lock = 77;

    CHECK_NUMBER(pc_call_progress(NULL, &wait), PC_ERROR_NULL);
    CHECK_NUMBER(pc_call_result(NULL, &lock, &outcome), PC_ERROR_NULL);
    CHECK(wait.finished == 77 && lock == 77 && outcome == PC_OUTCOME_DONE);
    CHECK_TEXT(pc_call_text(NULL), "");
    pc_call_free(NULL);
}

static void rings_and_lines(void)
{
    pc_request request = make_request(PC_MODE_FOR_ME, "key", 0), keyless = request;
    pc_ring *ring, *none = NULL;
    char *line = NULL;
    size_t node = 77;

    keyless.key = NULL;
    CHECK_OK(pc_ring_new(100, &ring));
    CHECK_OK(pc_ring_add(ring, "a", 1));
    const struct result results[] = {
        REFUSES(pc_ring_new(100, NULL)),
        REFUSES(pc_ring_add(NULL, "b", 1)),
        REFUSES(pc_ring_add(ring, NULL, 1)),
        REFUSES(pc_ring_node(NULL, "key", 3, &node)),
        REFUSES(pc_ring_node(ring, NULL, 3, &node)),
        REFUSES(pc_ring_node(ring, "key", 3, NULL)),
        REFUSES(pc_request_line(NULL, &line)),
        REFUSES(pc_request_line(&request, NULL)),
        REFUSES(pc_request_line(&keyless, &line)),
    };

    CHECK_ALL_REFUSED(results);
    CHECK(line == NULL && node == 77);
    pc_ring_free(NULL);
    pc_ring_free(&none);
    pc_ring_free(&ring);
    CHECK(ring == NULL);
    pc_ring_free(&ring);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    configurations();
    blocking_clients();
    event_loops();
    calls();
    rings_and_lines();
    return 0;
}
