// Invalid arguments: numbers out of range, unknown enums, bad keys and texts, released locks.

#include "check.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

static pc_client *client;

static pc_error ask(const pc_request *request)
{
    pc_outcome outcome = PC_OUTCOME_DONE;
    pc_lock lock = 77;
    pc_error error = pc_client_acquire(client, request, &lock, &outcome);

    CHECK(error != PC_OK && lock == 77 && outcome == PC_OUTCOME_DONE);
    CHECK_NUMBER(pc_client_last_error(client), error);
    CHECK_TEXT(pc_client_error_server(client), "");
    return error;
}

static void numbers_of_a_request(void)
{
    const int64_t above = INT64_C(1) << 32, month_ms = INT64_C(30) * 24 * 3600 * 1000;
    const struct {
        int32_t mode;
        int64_t workers, maxqueue, timeout_seconds, answer_timeout_ms;
        const char *message;
    } cases[] = {
        {0, 1, 1, 1, 0, "mode must be PC_MODE_FOR_ME or PC_MODE_FOR_ANYONE"},
        {3, 1, 1, 1, 0, "mode must be PC_MODE_FOR_ME or PC_MODE_FOR_ANYONE"},
        {INT32_MIN, 1, 1, 1, 0, "mode must be PC_MODE_FOR_ME or PC_MODE_FOR_ANYONE"},
        {1, -1, 1, 1, 0, "workers must be from 0 to 4294967295"},
        {1, above, 1, 1, 0, "workers must be from 0 to 4294967295"},
        {1, 1, -1, 1, 0, "maxqueue must be from 0 to 4294967295"},
        {1, 1, INT64_MAX, 1, 0, "maxqueue must be from 0 to 4294967295"},
        {1, 1, 1, -1, 0, "timeout_seconds must be from 0 to 4294967295"},
        {1, 1, 1, above, 0, "timeout_seconds must be from 0 to 4294967295"},
        {1, 1, 1, 1, -1, "answer_timeout_ms must be from 0 to 2592000000"},
        {1, 1, 1, 1, month_ms + 1, "answer_timeout_ms must be from 0 to 2592000000"},
    };

    for (size_t i = 0; i < LENGTH(cases); i++) {
        pc_request request = {.size = sizeof request, .mode = cases[i].mode, .key = "key", .key_length = 3};
        request.workers = cases[i].workers;
        request.maxqueue = cases[i].maxqueue;
        request.timeout_seconds = cases[i].timeout_seconds;
        request.answer_timeout_ms = cases[i].answer_timeout_ms;
        CHECK_NUMBER(ask(&request), PC_ERROR_INVALID);
        CHECK_TEXT(pc_client_error_message(client), cases[i].message);
    }
}

static void keys(void)
{
    static char longest[1100];
    const struct {
        const char *key;
        size_t length;
        pc_error error;
        const char *message, *cause;
    } cases[] = {
        {"", 0, PC_ERROR_BAD_KEY, "the key is empty", "is empty"},
        {NULL, 0, PC_ERROR_BAD_KEY, "the key is empty", "is empty"},
        {"a\0b", 3, PC_ERROR_BAD_KEY, "the key contains a NUL byte", "contains a NUL byte"},
        {"a\rb", 3, PC_ERROR_BAD_KEY, "the key contains a carriage return", "contains a carriage return"},
        {"a\nRELEASE", 9, PC_ERROR_BAD_KEY, "the key contains a line feed", "contains a line feed"},
        {longest, 1009, PC_ERROR_BAD_KEY,
         "the key is too long: its command would take 1025 bytes, and 1024 is the most",
         "is too long: its command would take 1025 bytes, and 1024 is the most"},
        {"key", SIZE_MAX, PC_ERROR_INVALID, "the length of key is too large", "the length of key is too large"},
    };

    memset(longest, 'k', sizeof longest);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        pc_request request = {.size = sizeof request, .mode = PC_MODE_FOR_ME, .workers = 1, .maxqueue = 10};
        request.timeout_seconds = 12;
        request.key = cases[i].key;
        request.key_length = cases[i].length;
        CHECK_NUMBER(ask(&request), cases[i].error);
        CHECK_TEXT(pc_client_error_message(client), cases[i].message);
        CHECK_TEXT(pc_client_error_cause(client), cases[i].cause);
    }
    CHECK_NUMBER(counter(client, "total_acquired"), 0);
}

static void keys_that_are_no_text(void)
{
    const char bytes[] = {'\x01', '\t', '\xff', '\xc3', ' ', '\x7f'};
    pc_request request = {.size = sizeof request, .mode = PC_MODE_FOR_ME, .key = bytes, .workers = 1, .maxqueue = 1};
    pc_outcome outcome;
    pc_lock lock;

    request.key_length = sizeof bytes;
    CHECK_OK(pc_client_acquire(client, &request, &lock, &outcome));
    CHECK_NUMBER(outcome, PC_OUTCOME_LOCKED);
    CHECK_OK(pc_client_release(client, lock, NULL));
}

static void locks_that_are_gone(void)
{
    pc_lock released = locked(client, "key"), abandoned = locked(client, "other"), closed;
    pc_outcome outcome = PC_OUTCOME_DONE;

    CHECK_OK(pc_client_release(client, released, NULL));
    CHECK_OK(pc_client_abandon(client, abandoned));
    closed = locked(client, "key");
    CHECK_OK(pc_client_close(client));
    const pc_lock gone[] = {0, released, abandoned, closed, closed + 1, UINT64_MAX};
    for (size_t i = 0; i < LENGTH(gone); i++) {
        CHECK_NUMBER(pc_client_release(client, gone[i], &outcome), PC_ERROR_NO_SUCH_LOCK);
        CHECK_NUMBER(pc_client_abandon(client, gone[i]), PC_ERROR_NO_SUCH_LOCK);
        CHECK_TEXT(pc_client_error_message(client), "the client has no such lock");
    }
    CHECK_NUMBER(outcome, PC_OUTCOME_DONE);
    wait_for_rest(client);
}

static void questions_for_statistics(void)
{
    char *text = NULL;

    CHECK_NUMBER(pc_client_stats(client, 1, "FULL", &text), PC_ERROR_NO_SERVER);
    CHECK_NUMBER(pc_client_stats(client, SIZE_MAX, "FULL", &text), PC_ERROR_NO_SERVER);
    CHECK_TEXT(pc_client_error_message(client), "there is no server of this index");
    CHECK_NUMBER(pc_client_stats(client, 0, "", &text), PC_ERROR_INVALID);
    CHECK_TEXT(pc_client_error_message(client), "the name of the statistic is empty");
    CHECK_NUMBER(pc_client_stats(client, 0, "FULL\nRELEASE", &text), PC_ERROR_INVALID);
    CHECK_TEXT(pc_client_error_message(client), "the name of the statistic contains a line feed");
    CHECK_NUMBER(pc_client_stats(client, 0, "\xff", &text), PC_ERROR_INVALID);
    CHECK_TEXT(pc_client_error_message(client), "name is not UTF-8");
    CHECK_NUMBER(pc_client_stats(client, 0, "no such", &text), PC_ERROR_REMOTE);
    CHECK(text == NULL);
}

static void texts_of_numbers(void)
{
    // For callers without C enums.
    CHECK(sizeof(pc_error) == sizeof(int32_t) && sizeof(pc_outcome) == sizeof(int32_t));
    const char *const outcomes[] = {"LOCK_HELD", "TIMEOUT", "QUEUE_FULL", "NOT_LOCKED", "UNKNOWN", "UNKNOWN",
                                    "LOCKED", "RELEASED", "DONE", "STATISTICS", "UNKNOWN"};

    for (int i = 0; i < (int)LENGTH(outcomes); i++)
        CHECK_TEXT(pc_outcome_name(i - 5), outcomes[i]);
    CHECK_TEXT(pc_outcome_name(INT32_MIN), "UNKNOWN");
    CHECK_TEXT(pc_error_message(PC_OK), "no error");
    CHECK_NUMBER(pc_abi(), 0);
    CHECK_TEXT(pc_error_message(PC_ERROR_FREED), "the client was freed");
    CHECK_TEXT(pc_error_message(PC_ERROR_INTERRUPTED + 1), "unknown error");
    CHECK_TEXT(pc_error_message(-1), "unknown error");
    for (int i = PC_OK; i <= PC_ERROR_INTERRUPTED; i++)
        CHECK(strcmp(pc_error_message(i), "unknown error") != 0);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    client = client_of(servers[0].address);
    numbers_of_a_request();
    keys();
    keys_that_are_no_text();
    locks_that_are_gone();
    questions_for_statistics();
    texts_of_numbers();
    pc_client_free(&client);
    return 0;
}
