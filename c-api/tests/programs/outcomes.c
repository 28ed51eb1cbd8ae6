// Every outcome that a daemon gives to the blocking client.

#include "waiter.h"

static pc_client *client, *observer;
static const char *server;

static void a_lock_is_granted_and_released(void)
{
    pc_mode modes[] = {PC_MODE_FOR_ME, PC_MODE_FOR_ANYONE};
    pc_outcome outcome;
    pc_lock lock;

    for (int i = 0; i < 2; i++) {
        CHECK_NUMBER(acquire(client, modes[i], "a key", 5, &lock), PC_OUTCOME_LOCKED);
        CHECK_NUMBER(counter(observer, "processing_workers"), 1);
        CHECK_OK(pc_client_release(client, lock, &outcome));
        CHECK_NUMBER(outcome, PC_OUTCOME_RELEASED);
        wait_for_rest(observer);
    }
}

static void a_release_may_be_waited_for(void)
{
    pc_config *config = config_of(server);
    pc_outcome outcome;
    pc_client *patient;

    CHECK_OK(pc_config_set_await_release(config, 1));
    patient = client_from(config);
    CHECK_OK(pc_client_release(patient, locked(patient, "key"), &outcome));
    CHECK_NUMBER(outcome, PC_OUTCOME_RELEASED);
    CHECK_NUMBER(counter(observer, "processing_workers"), 0);
    pc_client_free(&patient);
}

static void those_who_cannot_have_it_are_turned_away(void)
{
    pc_lock lock = locked(client, "key"), other = 7;
    pc_mode modes[] = {PC_MODE_FOR_ME, PC_MODE_FOR_ANYONE};
    pc_outcome outcome;

    for (int i = 0; i < 2; i++) {
        pc_request request = make_request(modes[i], "key", 1);
        request.maxqueue = 1;
        CHECK_OK(pc_client_acquire(client, &request, &other, &outcome));
        CHECK_NUMBER(outcome, PC_OUTCOME_QUEUE_FULL);
        CHECK_NUMBER(other, 0);
        CHECK_NUMBER(acquire(client, modes[i], "key", 0, &other), PC_OUTCOME_TIMEOUT);
        CHECK_NUMBER(acquire(client, modes[i], "key", 1, &other), PC_OUTCOME_TIMEOUT);
    }
    CHECK_OK(pc_client_release(client, lock, NULL));
    wait_for_rest(observer);
}

static void locks_are_independent(void)
{
    pc_lock first = locked(client, "first"), second = locked(client, "second"), again;

    CHECK(first != second);
    CHECK_OK(pc_client_release(client, first, NULL));
    wait_for(observer, "processing_workers", 1);
    CHECK_NUMBER(acquire(client, PC_MODE_FOR_ME, "second", 0, &again), PC_OUTCOME_TIMEOUT);
    again = locked(client, "first");
    CHECK(again != first && again != second);
    CHECK_OK(pc_client_abandon(client, again));
    CHECK_OK(pc_client_release(client, second, NULL));
    wait_for_rest(observer);
}

static void a_release_wakes_all_who_wait_for_anyone(void)
{
    pc_lock lock = locked(client, "key");
    struct waiter waiters[3];

    for (int i = 0; i < 3; i++)
        start_waiter(&waiters[i], server, PC_MODE_FOR_ANYONE, "key");
    wait_for(observer, "waiting_workers", 3);
    CHECK_OK(pc_client_release(client, lock, NULL));
    for (int i = 0; i < 3; i++)
        expect_outcome(&waiters[i], PC_OUTCOME_DONE);
    wait_for_rest(observer);
}

static void release(pc_lock lock)
{
    CHECK_OK(pc_client_release(client, lock, NULL));
}

static void abandon(pc_lock lock)
{
    CHECK_OK(pc_client_abandon(client, lock));
}

static void close_all(pc_lock lock)
{
    CHECK_OK(pc_client_close(client));
    CHECK_NUMBER(pc_client_release(client, lock, NULL), PC_ERROR_NO_SUCH_LOCK);
}

static void free_the_client(pc_lock lock)
{
    (void)lock;
    pc_client_free(&client);
    CHECK(client == NULL);
    client = client_of(server);
}

static void the_next_waiter_gets_the_lock(pc_mode mode, void (*end)(pc_lock lock))
{
    pc_lock lock = locked(client, "key");
    struct waiter waiter;

    start_waiter(&waiter, server, mode, "key");
    wait_for(observer, "waiting_workers", 1);
    end(lock);
    expect_outcome(&waiter, PC_OUTCOME_LOCKED);
    wait_for_rest(observer);
}

static void statistics_are_texts(void)
{
    char *text = NULL;

    CHECK_OK(pc_client_stats(client, 0, "UPTIME", &text));
    CHECK(strncmp(text, "uptime: 0 days, ", 16) == 0);
    pc_string_free(&text);
    CHECK_OK(pc_client_stats(client, 0, "full", &text));
    CHECK(strstr(text, "\ntotal_acquired: ") != NULL);
    CHECK(strcmp(text + strlen(text) - 2, "\n\n") == 0);
    pc_string_free(&text);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    server = servers[0].address;
    client = client_of(server);
    observer = client_of(server);
    a_lock_is_granted_and_released();
    a_release_may_be_waited_for();
    those_who_cannot_have_it_are_turned_away();
    locks_are_independent();
    a_release_wakes_all_who_wait_for_anyone();
    the_next_waiter_gets_the_lock(PC_MODE_FOR_ME, release);
    the_next_waiter_gets_the_lock(PC_MODE_FOR_ME, abandon);
    the_next_waiter_gets_the_lock(PC_MODE_FOR_ANYONE, abandon);
    the_next_waiter_gets_the_lock(PC_MODE_FOR_ANYONE, close_all);
    the_next_waiter_gets_the_lock(PC_MODE_FOR_ANYONE, free_the_client);
    statistics_are_texts();
    pc_client_free(&client);
    pc_client_free(&observer);
    return 0;
}
