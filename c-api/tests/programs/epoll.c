// Calls on an event loop over epoll, level-triggered and edge-triggered.

#include "loop.h"
#include <sys/epoll.h>

enum { CALLS = 50 };

static pc_client *observer;
static const char *server;

// Removes the descriptor from the loop before the call continues, because the call may close it.
static void take_off(int loop, const struct flight *flight)
{
    if (flight->wait.descriptor >= 0)
        CHECK_NUMBER(epoll_ctl(loop, EPOLL_CTL_DEL, flight->wait.descriptor, NULL), 0);
}

static void put_on(int loop, struct flight *flight, unsigned trigger)
{
    struct epoll_event event = {.events = trigger, .data.ptr = flight};

    if (flight->wait.finished)
        return;
    CHECK(flight->wait.descriptor >= 0);
    event.events |= flight->wait.direction == PC_DIRECTION_WRITE ? EPOLLOUT : EPOLLIN;
    CHECK_NUMBER(epoll_ctl(loop, EPOLL_CTL_ADD, flight->wait.descriptor, &event), 0);
}

// Continues the calls that are ready. Returns how many have finished.
static int turn_epoll(int loop, unsigned trigger, int at_most_ms)
{
    struct epoll_event events[16];
    int ready = epoll_wait(loop, events, 16, at_most_ms), finished = 0;

    CHECK(ready >= 0);
    for (int i = 0; i < ready; i++) {
        struct flight *flight = events[i].data.ptr;
        take_off(loop, flight);
        go_on(flight);
        put_on(loop, flight, trigger);
        finished += flight->wait.finished;
    }
    return finished;
}

static void many_wait(unsigned trigger)
{
    pc_async *client = async_of(server);
    pc_lock lock = locked_async(client, "key"), none;
    struct flight flights[CALLS];
    int loop = epoll_create1(EPOLL_CLOEXEC), finished = 0;

    for (int i = 0; i < CALLS; i++) {
        flights[i] = begin_acquire(client, PC_MODE_FOR_ANYONE, "key", 60);
        put_on(loop, &flights[i], trigger);
    }
    for (int turns = 0; counter(observer, "waiting_workers") < CALLS; turns++)
        CHECK(turns < 10000 && turn_epoll(loop, trigger, 5) == 0);
    release_async(client, lock);
    for (int turns = 0; finished < CALLS; turns++) {
        CHECK(turns < 10000);
        finished += turn_epoll(loop, trigger, PATIENCE_MS);
    }
    for (int i = 0; i < CALLS; i++)
        CHECK_NUMBER(result(&flights[i], &none), PC_OUTCOME_DONE);
    close(loop);
    pc_async_free(&client);
    wait_for_rest(observer);
}

// Only changes wake an edge-triggered loop, so the library must not leave bytes unread.
static void a_descriptor_may_stay_on_while_it_is_the_same(void)
{
    pc_async *client = async_of(server);
    pc_lock lock = locked_async(client, "key"), none;
    struct flight flight = begin_acquire(client, PC_MODE_FOR_ANYONE, "key", 60);
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET};
    int loop = epoll_create1(EPOLL_CLOEXEC), descriptor = flight.wait.descriptor;

    CHECK_NUMBER(epoll_ctl(loop, EPOLL_CTL_ADD, descriptor, &event), 0);
    for (int turns = 0; counter(observer, "waiting_workers") < 1; turns++) {
        CHECK(turns < 10000);
        if (epoll_wait(loop, &event, 1, 5) == 1)
            go_on(&flight);
        CHECK_NUMBER(flight.wait.descriptor, descriptor);
    }
    release_async(client, lock);
    while (!flight.wait.finished) {
        CHECK_NUMBER(epoll_wait(loop, &event, 1, PATIENCE_MS), 1);
        go_on(&flight);
    }
    CHECK_NUMBER(result(&flight, &none), PC_OUTCOME_DONE);
    close(loop);
    pc_async_free(&client);
    wait_for_rest(observer);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    server = servers[0].address;
    observer = client_of(server);
    many_wait(0);
    many_wait(EPOLLET);
    a_descriptor_may_stay_on_while_it_is_the_same();
    pc_client_free(&observer);
    return 0;
}
