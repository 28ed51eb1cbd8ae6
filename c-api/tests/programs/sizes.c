// The caller's structs with the sizes of other versions of the header.

#include "loop.h"

// The structs of a later header.
struct later_request {
    pc_request known;
    int64_t unknown;
};

struct later_wait {
    pc_wait known;
    int32_t unknown;
};

static void a_request_without_its_size_is_refused(pc_client *client, pc_async *async)
{
    const uint32_t sizes[] = {0, 1, sizeof(pc_request) - 1, 4096, UINT32_MAX};
    pc_request request = make_request(PC_MODE_FOR_ME, "key", 0);
    pc_outcome outcome = PC_OUTCOME_DONE;
    pc_call *call = NULL;
    pc_lock lock = 77;
    char text[128];

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        request.size = sizes[i];
        CHECK_NUMBER(pc_client_acquire(client, &request, &lock, &outcome), PC_ERROR_INVALID);
        CHECK_NUMBER(pc_client_acquire_until_signal(client, &request, &lock, &outcome), PC_ERROR_INVALID);
        CHECK_NUMBER(pc_async_acquire(async, &request, &call), PC_ERROR_INVALID);
        snprintf(text, sizeof text, "request->size is %u; it must be set to sizeof(pc_request)", (unsigned)sizes[i]);
        CHECK_TEXT(pc_client_error_message(client), text);
        CHECK_TEXT(pc_async_error_message(async), text);
    }
    CHECK(lock == 77 && outcome == PC_OUTCOME_DONE && call == NULL);
}

static void a_later_request_serves_unless_it_asks_for_more(pc_client *client)
{
    struct later_request request = {.known = make_request(PC_MODE_FOR_ME, "key", 0)};
    pc_outcome outcome;
    char text[128];
    pc_lock lock;

    request.known.size = sizeof request;
    CHECK_OK(pc_client_acquire(client, &request.known, &lock, &outcome));
    CHECK_NUMBER(outcome, PC_OUTCOME_LOCKED);
    CHECK_OK(pc_client_release(client, lock, NULL));
    request.unknown = INT64_MIN;
    CHECK_NUMBER(pc_client_acquire(client, &request.known, &lock, &outcome), PC_ERROR_INVALID);
    snprintf(text, sizeof text, "request has a field that is not 0 and that libpoolcounter %s does not know", pc_version());
    CHECK_TEXT(pc_client_error_message(client), text);
}

static void a_wait_is_written_as_far_as_both_know_it(pc_async *client)
{
    struct flight flight = begin_acquire(client, PC_MODE_FOR_ME, "key", 0);
    struct later_wait later = {.known.size = sizeof later, .unknown = 77};
    const uint32_t sizes[] = {0, sizeof(pc_wait) - 1, 4096};
    pc_wait wait = {.finished = 77};

    finish(&flight, 1);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        wait.size = sizes[i];
        CHECK_NUMBER(pc_call_progress(flight.call, &wait), PC_ERROR_INVALID);
        CHECK(wait.finished == 77);
    }
    CHECK_OK(pc_call_progress(flight.call, &later.known));
    CHECK(later.known.finished == 1 && later.known.timeout_ms == -1 && later.known.look_up == -1);
    CHECK(later.known.size == sizeof later && later.unknown == 77);
    pc_call_free(&flight.call);
}

int main(int argc, char **argv)
{
    pc_client *client;
    pc_async *async;

    begin(argc, argv);
    client = client_of(servers[0].address);
    async = async_of(servers[0].address);
    a_request_without_its_size_is_refused(client, async);
    a_later_request_serves_unless_it_asks_for_more(client);
    a_wait_is_written_as_far_as_both_know_it(async);
    pc_async_free(&async);
    wait_for_rest(client);
    pc_client_free(&client);
    return 0;
}
