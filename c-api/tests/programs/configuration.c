// Valid and invalid configurations. A client copies its configuration.

#include "check.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

static pc_config *empty(void)
{
    pc_config *config = NULL;

    CHECK_OK(pc_config_new(&config));
    CHECK_TEXT(pc_config_error_cause(config), "");
    return config;
}

static void server_texts(void)
{
    const char *const good[] = {"pc1", "pc1:80", "127.0.0.1", "::1", "[::1]", "[::1]:7531", "unix:/run/pc.sock", "127.1"};
    const char *const bad[] = {"", ":80", "pc1:", "pc1:0", "pc1:70000", "[::1", "[::1]80", "pc 1", "pc1\n", "unix:a",
                               "pc1:80:80", "[zz]:1", "1.2.3.4.5", "300.1.1.1", "pc1..example"};
    pc_config *config = empty();
    char cause[128];

    for (size_t i = 0; i < LENGTH(good); i++)
        CHECK_OK(pc_config_add_server(config, good[i]));
    for (size_t i = 0; i < LENGTH(bad); i++) {
        CHECK_NUMBER(pc_config_add_server(config, bad[i]), PC_ERROR_BAD_SERVER);
        snprintf(cause, sizeof cause, "`%s` is not a server: expected host, host:port, [address]:port or unix:/path",
                 bad[i]);
        CHECK_TEXT(pc_config_error_cause(config), cause);
    }
    CHECK_NUMBER(pc_config_add_server(config, "\xff"), PC_ERROR_INVALID);
    CHECK_TEXT(pc_config_error_cause(config), "server is not UTF-8");
    pc_config_free(&config);
}

static void rings(void)
{
    pc_config *config = empty();
    pc_client *client = NULL;

    CHECK_NUMBER(pc_config_add_ring_server(config, "a", "pc1", -1), PC_ERROR_INVALID);
    CHECK_NUMBER(pc_config_add_ring_server(config, "a", "pc1", 1001), PC_ERROR_INVALID);
    CHECK_NUMBER(pc_config_add_ring_server(config, "a", "pc1", INT64_MIN), PC_ERROR_INVALID);
    CHECK_TEXT(pc_config_error_cause(config), "weight must be from 0 to 1000");
    CHECK_NUMBER(pc_config_add_ring_server(config, "\xff", "pc1", 1), PC_ERROR_INVALID);
    CHECK_TEXT(pc_config_error_cause(config), "label is not UTF-8");
    CHECK_NUMBER(pc_config_add_ring_server(config, "a", "pc 1", 1), PC_ERROR_BAD_SERVER);
    CHECK_OK(pc_config_add_ring_server(config, "a", "pc1", 0));
    CHECK_NUMBER(pc_client_new(config, &client), PC_ERROR_NO_SERVER);
    CHECK_TEXT(pc_config_error_cause(config), "every server's weight is 0");
    CHECK_NUMBER(pc_config_add_server(config, "pc1"), PC_ERROR_INVALID);
    CHECK_TEXT(pc_config_error_cause(config), "servers of a ring and others cannot be mixed");
    CHECK_OK(pc_config_add_ring_server(config, "b", "pc2", 1000));
    CHECK_OK(pc_client_new(config, &client));
    pc_client_free(&client);
    pc_config_free(&config);
    config = config_of("pc1");
    CHECK_NUMBER(pc_config_add_ring_server(config, "a", "pc1", 1), PC_ERROR_INVALID);
    pc_config_free(&config);
}

static void numbers(void)
{
    pc_error (*const times[])(pc_config *, int64_t) = {
        pc_config_set_connect_timeout_ms,
        pc_config_set_min_answer_timeout_ms,
        pc_config_set_first_answer_timeout_ms,
        pc_config_set_avoid_for_ms,
        pc_config_set_max_idle_time_ms,
    };
    pc_error (*const switches[])(pc_config *, int32_t) = {
        pc_config_set_connect_twice,
        pc_config_set_await_release,
        pc_config_set_look_ups_by_caller,
    };
    const int64_t month_ms = INT64_C(30) * 24 * 3600 * 1000;
    pc_config *config = empty();

    for (size_t i = 0; i < LENGTH(times); i++) {
        CHECK_OK(times[i](config, 1));
        CHECK_OK(times[i](config, month_ms));
        CHECK_NUMBER(times[i](config, -1), PC_ERROR_INVALID);
        CHECK_NUMBER(times[i](config, month_ms + 1), PC_ERROR_INVALID);
        CHECK_NUMBER(times[i](config, INT64_MIN), PC_ERROR_INVALID);
        CHECK_NUMBER(times[i](config, 0), i < 3 ? PC_ERROR_INVALID : PC_OK);
    }
    for (size_t i = 0; i < LENGTH(switches); i++) {
        CHECK_OK(switches[i](config, 0));
        CHECK_OK(switches[i](config, 1));
        CHECK_NUMBER(switches[i](config, 2), PC_ERROR_INVALID);
        CHECK_NUMBER(switches[i](config, -1), PC_ERROR_INVALID);
        CHECK_TEXT(pc_config_error_cause(config), "on must be from 0 to 1");
    }
    CHECK_OK(pc_config_set_max_idle_connections(config, 0));
    CHECK_OK(pc_config_set_max_idle_connections(config, 10000));
    CHECK_NUMBER(pc_config_set_max_idle_connections(config, -1), PC_ERROR_INVALID);
    CHECK_NUMBER(pc_config_set_max_idle_connections(config, 10001), PC_ERROR_INVALID);
    CHECK_TEXT(pc_config_error_cause(config), "connections must be from 0 to 10000");
    pc_config_free(&config);
}

static void a_client_needs_a_server(void)
{
    pc_config *config = empty();
    pc_client *client = NULL;
    pc_async *async = NULL;

    CHECK_NUMBER(pc_client_new(config, &client), PC_ERROR_NO_SERVER);
    CHECK_TEXT(pc_config_error_cause(config), "the configuration names no server");
    CHECK_NUMBER(pc_async_new(config, &async), PC_ERROR_NO_SERVER);
    CHECK(client == NULL && async == NULL);
    pc_config_free(&config);
}

static void a_client_has_a_copy(void)
{
    pc_config *config = config_of(servers[0].address);
    pc_client *one, *two;

    CHECK_OK(pc_client_new(config, &one));
    CHECK_OK(pc_config_add_server(config, "unix:/nowhere"));
    CHECK_OK(pc_client_new(config, &two));
    pc_config_free(&config);
    CHECK_NUMBER(pc_client_server_count(one), 1);
    CHECK_NUMBER(pc_client_server_count(two), 2);
    CHECK_OK(pc_client_release(one, locked(one, "key"), NULL));
    wait_for_rest(one);
    pc_client_free(&one);
    CHECK_OK(pc_client_release(two, locked(two, "key"), NULL));
    pc_client_free(&two);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    server_texts();
    rings();
    numbers();
    a_client_needs_a_server();
    a_client_has_a_copy();
    return 0;
}
