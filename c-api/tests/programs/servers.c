// Several servers: both rules of choosing one, and a server that is away.

#include "sockets.h"

static const char *const keys[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p"};
enum { KEYS = sizeof keys / sizeof *keys };

static pc_client *client_of_two(const char *first, const char *second)
{
    pc_config *config = config_of(first);

    CHECK_OK(pc_config_add_server(config, second));
    return client_from(config);
}

static void two_clients_choose_alike(void)
{
    const char *a = servers[0].address, *b = servers[1].address;
    pc_client *one = client_of_two(a, b), *other = client_of_two(b, a), *of_a = client_of(a), *of_b = client_of(b);
    pc_lock locks[KEYS], none;

    for (int i = 0; i < KEYS; i++)
        locks[i] = locked(one, keys[i]);
    for (int i = 0; i < KEYS; i++)
        CHECK_NUMBER(acquire(other, PC_MODE_FOR_ME, keys[i], 0, &none), PC_OUTCOME_TIMEOUT);
    CHECK_NUMBER(counter(of_a, "total_acquired") + counter(of_b, "total_acquired"), KEYS);
    for (int i = 0; i < KEYS; i++)
        CHECK_OK(pc_client_release(one, locks[i], NULL));
    wait_for_rest(of_a);
    wait_for_rest(of_b);
    pc_client_free(&one);
    pc_client_free(&other);
    pc_client_free(&of_a);
    pc_client_free(&of_b);
}

static void servers_have_names(void)
{
    struct port port = closed_port();
    pc_client *client = client_of_two(servers[0].address, port.name);
    const char *name = pc_client_server_name(client, 1);

    CHECK_NUMBER(pc_client_server_count(client), 2);
    CHECK_TEXT(pc_client_server_name(client, 0), servers[0].address);
    CHECK(pc_client_server_name(client, 2) == NULL);
    CHECK(pc_client_server_name(client, SIZE_MAX) == NULL);
    CHECK_OK(pc_client_close(client));
    CHECK_TEXT(name, port.name);
    pc_client_free(&client);
    leave_port(&port);
}

static void the_next_server_steps_in(void)
{
    struct port port = closed_port();
    pc_client *client = client_of_two(port.name, servers[0].address);

    for (int i = 0; i < KEYS; i++)
        CHECK_OK(pc_client_release(client, locked(client, keys[i]), NULL));
    pc_client_free(&client);
    leave_port(&port);
}

static pc_client *client_of_ring(const char *alpha, const char *beta)
{
    pc_config *config = config_of(NULL);

    CHECK_OK(pc_config_add_ring_server(config, "alpha", alpha, 1));
    CHECK_OK(pc_config_add_ring_server(config, "beta", beta, 2));
    return client_from(config);
}

// By python-poolcounter's rule, page 2 belongs to alpha and page 1 to beta.
static void a_ring_knows_labels(void)
{
    pc_client *client = client_of_ring(servers[0].address, servers[1].address), *of_b = client_of(servers[1].address);
    long before = counter(client, "total_acquired"), before_b = counter(of_b, "total_acquired");

    CHECK_OK(pc_client_release(client, locked(client, "page 2"), NULL));
    CHECK_NUMBER(counter(client, "total_acquired"), before + 1);
    CHECK_OK(pc_client_release(client, locked(client, "page 1"), NULL));
    CHECK_OK(pc_client_release(client, locked(client, "page 3"), NULL));
    CHECK_NUMBER(counter(client, "total_acquired"), before + 1);
    CHECK_NUMBER(counter(of_b, "total_acquired"), before_b + 2);
    pc_client_free(&client);
    pc_client_free(&of_b);
}

static void nobody_steps_in_in_a_ring(void)
{
    struct port port = closed_port();
    pc_client *client = client_of_ring(servers[0].address, port.name);
    pc_request request = make_request(PC_MODE_FOR_ME, "page 1", 0);
    pc_outcome outcome;
    pc_lock lock;

    CHECK_OK(pc_client_release(client, locked(client, "page 2"), NULL));
    CHECK_NUMBER(pc_client_acquire(client, &request, &lock, &outcome), PC_ERROR_CONNECT);
    CHECK_TEXT(pc_client_error_server(client), port.name);
    pc_client_free(&client);
    leave_port(&port);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    two_clients_choose_alike();
    servers_have_names();
    the_next_server_steps_in();
    a_ring_knows_labels();
    nobody_steps_in_in_a_ring();
    return 0;
}
