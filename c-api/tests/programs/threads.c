// Threads: one client in each, a client that is passed on, and two threads that use the same client.

#include "loop.h"
#include "waiter.h"

enum { THREADS = 8, SECTIONS = 40 };

static const char *server;
// Changed only under the lock. Atomicity is the lock's business.
static volatile int inside, sections;

static void *work(void *argument)
{
    pc_client *client = client_of(server);
    pc_lock lock;

    (void)argument;
    for (int i = 0; i < SECTIONS; i++) {
        CHECK_NUMBER(acquire(client, PC_MODE_FOR_ME, "key", 60, &lock), PC_OUTCOME_LOCKED);
        CHECK_NUMBER(inside, 0);
        inside = 1;
        sections = sections + 1;
        inside = 0;
        CHECK_OK(pc_client_release(client, lock, NULL));
    }
    pc_client_free(&client);
    return NULL;
}

static void each_has_a_client(void)
{
    pthread_t threads[THREADS];

    for (int i = 0; i < THREADS; i++)
        CHECK_NUMBER(pthread_create(&threads[i], NULL, work, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        CHECK_NUMBER(pthread_join(threads[i], NULL), 0);
    CHECK_NUMBER(sections, THREADS * SECTIONS);
}

// A client with a lock.
struct held {
    pc_client *client;
    pc_lock lock;
};

static void *release_all(void *argument)
{
    struct held *held = argument;

    CHECK_OK(pc_client_release(held->client, held->lock, NULL));
    held->lock = locked(held->client, "key");
    CHECK_OK(pc_client_release(held->client, held->lock, NULL));
    pc_client_free(&held->client);
    return NULL;
}

static void a_client_is_handed_on(void)
{
    struct held held = {.client = client_of(server)};
    pthread_t thread;

    held.lock = locked(held.client, "key");
    CHECK_NUMBER(pthread_create(&thread, NULL, release_all, &held), 0);
    CHECK_NUMBER(pthread_join(thread, NULL), 0);
}

static void *wait_long(void *argument)
{
    pc_client *client = argument;
    pc_lock lock;

    CHECK_NUMBER(acquire(client, PC_MODE_FOR_ANYONE, "key", 60, &lock), PC_OUTCOME_DONE);
    return NULL;
}

static void who_comes_meanwhile_is_refused(void)
{
    pc_client *client = client_of(server), *holder = client_of(server), *same = client;
    pc_request request = make_request(PC_MODE_FOR_ME, "another", 0);
    pc_lock lock = locked(holder, "key"), none = 77;
    pc_outcome outcome;
    char *text = NULL;
    pthread_t thread;

    CHECK_NUMBER(pthread_create(&thread, NULL, wait_long, client), 0);
    wait_for(holder, "waiting_workers", 1);
    CHECK_NUMBER(pc_client_acquire(client, &request, &none, &outcome), PC_ERROR_IN_USE);
    CHECK_NUMBER(pc_client_acquire_until_signal(client, &request, &none, &outcome), PC_ERROR_IN_USE);
    CHECK_NUMBER(pc_client_resume(client, &none, &outcome), PC_ERROR_IN_USE);
    CHECK_NUMBER(pc_client_release(client, 1, &outcome), PC_ERROR_IN_USE);
    CHECK_NUMBER(pc_client_abandon(client, 1), PC_ERROR_IN_USE);
    CHECK_NUMBER(pc_client_stats(client, 0, "FULL", &text), PC_ERROR_IN_USE);
    CHECK_NUMBER(pc_client_close(client), PC_ERROR_IN_USE);
    CHECK_NUMBER(pc_client_last_error(client), PC_ERROR_IN_USE);
    CHECK_TEXT(pc_client_error_message(client), "the client is in use by another thread");
    CHECK_TEXT(pc_client_error_cause(client), "the client is in use by another thread");
    CHECK_TEXT(pc_client_error_server(client), "");
    CHECK_NUMBER(pc_client_server_count(client), 1);
    CHECK_TEXT(pc_client_server_name(client, 0), server);
    pc_client_free(&client);
    CHECK(client == same && none == 77 && text == NULL);
    CHECK_OK(pc_client_release(holder, lock, NULL));
    CHECK_NUMBER(pthread_join(thread, NULL), 0);
    CHECK_NUMBER(pc_client_last_error(client), PC_OK);
    CHECK_OK(pc_client_release(client, locked(client, "key"), NULL));
    pc_client_free(&client);
    pc_client_free(&holder);
}

// A call that both threads use.
struct shared {
    pc_client *client;
    pc_call *call;
    int served;
};

static int served_or_refused(pc_error error)
{
    CHECK(error == PC_OK || error == PC_ERROR_IN_USE);
    return error == PC_OK;
}

static void *hammer(void *argument)
{
    struct shared *shared = argument;
    pc_request request = make_request(PC_MODE_FOR_ME, "key", 0);
    pc_outcome outcome;
    pc_wait wait = {.size = sizeof wait};
    pc_lock lock;

    request.workers = 100;
    shared->served = 0;
    for (int i = 0; i < 500; i++) {
        shared->served += served_or_refused(pc_call_progress(shared->call, &wait));
        if (!served_or_refused(pc_client_acquire(shared->client, &request, &lock, &outcome)))
            continue;
        CHECK_NUMBER(outcome, PC_OUTCOME_LOCKED);
        while (!served_or_refused(pc_client_release(shared->client, lock, NULL)))
            pause_ms(1);
    }
    return NULL;
}

static void two_threads_at_once_do_no_harm(void)
{
    pc_client *client = client_of(server), *holder = client_of(server);
    pc_async *async = async_of(server);
    pc_lock lock = locked(holder, "held");
    struct flight flight = begin_acquire(async, PC_MODE_FOR_ANYONE, "held", 60);
    struct shared shared[2] = {{client, flight.call, 0}, {client, flight.call, 0}};
    pthread_t threads[2];

    for (int i = 0; i < 2; i++)
        CHECK_NUMBER(pthread_create(&threads[i], NULL, hammer, &shared[i]), 0);
    for (int i = 0; i < 2; i++)
        CHECK_NUMBER(pthread_join(threads[i], NULL), 0);
    CHECK(shared[0].served + shared[1].served >= 500);
    wait_for(holder, "waiting_workers", 1);
    CHECK_OK(pc_client_release(holder, lock, NULL));
    go_on(&flight);
    finish(&flight, 1);
    CHECK_NUMBER(result(&flight, NULL), PC_OUTCOME_DONE);
    pc_async_free(&async);
    pc_client_free(&client);
    wait_for_rest(holder);
    pc_client_free(&holder);
}

static void *make_clients(void *argument)
{
    const pc_config *config = argument;

    for (int i = 0; i < 500; i++) {
        pc_client *client = NULL;

        CHECK_OK(pc_client_new(config, &client));
        pc_client_free(&client);
    }
    return NULL;
}

static void a_configuration_serves_several_threads(void)
{
    pc_config *config = NULL;
    pthread_t threads[THREADS];

    CHECK_OK(pc_config_new(&config));
    CHECK_OK(pc_config_add_server(config, server));
    for (int i = 0; i < THREADS; i++)
        CHECK_NUMBER(pthread_create(&threads[i], NULL, make_clients, config), 0);
    for (int i = 0; i < THREADS; i++)
        CHECK_NUMBER(pthread_join(threads[i], NULL), 0);
    pc_config_free(&config);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    server = servers[0].address;
    a_configuration_serves_several_threads();
    each_has_a_client();
    a_client_is_handed_on();
    who_comes_meanwhile_is_refused();
    two_threads_at_once_do_no_harm();
    return 0;
}
