// The client for event loops: every outcome, and hundreds of calls at once in one thread.

#include "loop.h"

enum { CROWD = 300 };

static pc_client *observer;
static const char *server;

static void a_lock_is_granted_and_released(void)
{
    pc_async *client = async_of(server);
    pc_lock lock, again;

    CHECK_NUMBER(acquire_async(client, PC_MODE_FOR_ANYONE, "key", &lock), PC_OUTCOME_LOCKED);
    CHECK_NUMBER(counter(observer, "processing_workers"), 1);
    release_async(client, lock);
    wait_for_rest(observer);
    CHECK_NUMBER(acquire_async(client, PC_MODE_FOR_ME, "key", &again), PC_OUTCOME_LOCKED);
    CHECK(again != lock && again != 0);
    CHECK_OK(pc_async_abandon(client, again));
    wait_for_rest(observer);
    pc_async_free(&client);
}

static void a_release_may_be_waited_for(void)
{
    pc_config *config = config_of(server);
    pc_async *client;

    CHECK_OK(pc_config_set_await_release(config, 1));
    client = async_from(config);
    release_async(client, locked_async(client, "key"));
    CHECK_NUMBER(counter(observer, "processing_workers"), 0);
    pc_async_free(&client);
}

static void those_who_cannot_have_it_are_turned_away(void)
{
    pc_async *client = async_of(server);
    pc_lock lock = locked_async(client, "key"), none = 77;
    pc_request request = make_request(PC_MODE_FOR_ANYONE, "key", 1);
    struct flight flights[2] = {{.call = NULL}};

    request.maxqueue = 1;
    CHECK_OK(pc_async_acquire(client, &request, &flights[0].call));
    go_on(&flights[0]);
    flights[1] = begin_acquire(client, PC_MODE_FOR_ANYONE, "key", 1);
    finish(flights, 2);
    CHECK_NUMBER(result(&flights[0], &none), PC_OUTCOME_QUEUE_FULL);
    CHECK_NUMBER(none, 0);
    CHECK_NUMBER(result(&flights[1], &none), PC_OUTCOME_TIMEOUT);
    release_async(client, lock);
    wait_for_rest(observer);
    pc_async_free(&client);
}

static void statistics_are_texts(void)
{
    pc_async *client = async_of(server);
    struct flight flight = {.call = NULL};
    pc_outcome outcome;
    pc_lock lock = 77;

    CHECK_OK(pc_async_stats(client, 0, "UPTIME", &flight.call));
    CHECK_TEXT(pc_call_text(flight.call), "");
    go_on(&flight);
    finish(&flight, 1);
    CHECK_OK(pc_call_result(flight.call, &lock, &outcome));
    CHECK_NUMBER(outcome, PC_OUTCOME_STATISTICS);
    CHECK_NUMBER(lock, 0);
    CHECK(strncmp(pc_call_text(flight.call), "uptime: 0 days, ", 16) == 0);
    pc_call_free(&flight.call);
    pc_async_free(&client);
}

// Ten at a time, because the reference has a small backlog.
static void a_crowd_waits(pc_async *client, struct flight *flights)
{
    for (int count = 10; count <= CROWD; count += 10) {
        for (int i = count - 10; i < count; i++)
            flights[i] = begin_acquire(client, PC_MODE_FOR_ANYONE, "key", 60);
        for (int turns = 0; counter(observer, "waiting_workers") < count; turns++) {
            CHECK(turns < 10000);
            CHECK_NUMBER(turn(flights, count, 5), count);
        }
    }
}

static void hundreds_wait_in_one_thread(void)
{
    static struct flight flights[CROWD];
    pc_async *client = async_of(server);
    pc_lock lock = locked_async(client, "key"), none = 77;

    a_crowd_waits(client, flights);
    release_async(client, lock);
    finish(flights, CROWD);
    for (int i = 0; i < CROWD; i++) {
        CHECK_NUMBER(result(&flights[i], &none), PC_OUTCOME_DONE);
        CHECK_NUMBER(none, 0);
    }
    wait_for_rest(observer);
    pc_async_free(&client);
}

static void each_gets_its_turn(void)
{
    enum { WORKERS = 20 };
    struct flight flights[WORKERS];
    pc_async *client = async_of(server);
    int granted = 0;

    for (int i = 0; i < WORKERS; i++)
        flights[i] = begin_acquire(client, PC_MODE_FOR_ME, "key", 60);
    for (int turns = 0; granted < WORKERS; turns++) {
        int now = 0;
        CHECK(turns < 10000);
        turn(flights, WORKERS, PATIENCE_MS);
        for (int i = 0; i < WORKERS; i++) {
            pc_lock lock;
            if (!flights[i].call || !flights[i].wait.finished)
                continue;
            CHECK_NUMBER(result(&flights[i], &lock), PC_OUTCOME_LOCKED);
            release_async(client, lock);
            now++;
        }
        CHECK(now <= 1);
        granted += now;
    }
    wait_for_rest(observer);
    pc_async_free(&client);
}

static void too_early_is_harmless(void)
{
    pc_async *client = async_of(server);
    pc_lock lock = locked_async(client, "key"), none;
    struct flight flight = begin_acquire(client, PC_MODE_FOR_ANYONE, "key", 60);
    pc_outcome outcome = PC_OUTCOME_LOCKED;
    pc_wait first;

    for (int turns = 0; counter(observer, "waiting_workers") < 1; turns++)
        CHECK(turns < 10000 && turn(&flight, 1, 5) == 1);
    first = flight.wait;
    for (int i = 0; i < 10; i++) {
        go_on(&flight);
        CHECK_NUMBER(flight.wait.descriptor, first.descriptor);
        CHECK_NUMBER(flight.wait.direction, PC_DIRECTION_READ);
        CHECK(flight.wait.timeout_ms <= first.timeout_ms);
        CHECK_NUMBER(pc_call_result(flight.call, &none, &outcome), PC_ERROR_NOT_FINISHED);
    }
    CHECK_TEXT(pc_async_error_message(client), "the call has not finished");
    CHECK_NUMBER(outcome, PC_OUTCOME_LOCKED);
    release_async(client, lock);
    finish(&flight, 1);
    for (int i = 0; i < 3; i++) {
        go_on(&flight);
        CHECK_NUMBER(flight.wait.finished, 1);
        CHECK_OK(pc_call_result(flight.call, &none, &outcome));
        CHECK_NUMBER(outcome, PC_OUTCOME_DONE);
    }
    pc_call_free(&flight.call);
    pc_async_free(&client);
    wait_for_rest(observer);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    server = servers[0].address;
    observer = client_of(server);
    a_lock_is_granted_and_released();
    a_release_may_be_waited_for();
    those_who_cannot_have_it_are_turned_away();
    statistics_are_texts();
    hundreds_wait_in_one_thread();
    each_gets_its_turn();
    too_early_is_harmless();
    pc_client_free(&observer);
    return 0;
}
