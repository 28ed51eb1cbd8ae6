// A ring without servers, and the lines of commands: no daemon is asked.

#include "check.h"

static pc_ring *ring_of(int64_t points)
{
    pc_ring *ring = NULL;

    CHECK_OK(pc_ring_new(points, &ring));
    return ring;
}

static void node(const pc_ring *ring, const char *key, size_t expected)
{
    size_t found = 77;

    CHECK_OK(pc_ring_node(ring, key, strlen(key), &found));
    CHECK_NUMBER(found, expected);
}

// As core/tests/server-choice.json has it.
static void a_key_belongs_to_the_node_of_the_vectors(void)
{
    pc_ring *ring = ring_of(100);

    CHECK_OK(pc_ring_add(ring, "foo", 1));
    CHECK_OK(pc_ring_add(ring, "bar", 3));
    CHECK_OK(pc_ring_add(ring, "baz", 1));
    node(ring, "a", 0);
    node(ring, "page:1", 1);
    node(ring, "key-3", 2);
    node(ring, "key-10", 0);
    node(ring, "", 1);
    pc_ring_free(&ring);
    CHECK(ring == NULL);
}

static void the_number_of_points_counts(void)
{
    pc_ring *hundred = ring_of(100), *one = ring_of(1);
    int differences = 0;

    for (char label[] = "a"; *label <= 'e'; ++*label) {
        CHECK_OK(pc_ring_add(hundred, label, 1));
        CHECK_OK(pc_ring_add(one, label, 1));
    }
    for (int i = 0; i < 100; i++) {
        char key[16];
        size_t of_hundred, of_one;

        snprintf(key, sizeof key, "key-%d", i);
        CHECK_OK(pc_ring_node(hundred, key, strlen(key), &of_hundred));
        CHECK_OK(pc_ring_node(one, key, strlen(key), &of_one));
        differences += of_hundred != of_one;
    }
    CHECK(differences > 0);
    pc_ring_free(&hundred);
    pc_ring_free(&one);
}

static void what_a_ring_refuses(void)
{
    pc_ring *ring = NULL;
    size_t found = 77;

    CHECK_NUMBER(pc_ring_new(0, &ring), PC_ERROR_INVALID);
    CHECK_NUMBER(pc_ring_new(1001, &ring), PC_ERROR_INVALID);
    CHECK(ring == NULL);
    ring = ring_of(100);
    CHECK_NUMBER(pc_ring_node(ring, "a", 1, &found), PC_ERROR_NO_SERVER);
    CHECK_OK(pc_ring_add(ring, "away", 0));
    CHECK_NUMBER(pc_ring_node(ring, "a", 1, &found), PC_ERROR_NO_SERVER);
    CHECK_NUMBER(found, 77);
    CHECK_NUMBER(pc_ring_add(ring, "away", 1), PC_ERROR_INVALID);
    CHECK_NUMBER(pc_ring_add(ring, "here", -1), PC_ERROR_INVALID);
    CHECK_NUMBER(pc_ring_add(ring, "here", 1001), PC_ERROR_INVALID);
    CHECK_NUMBER(pc_ring_add(ring, "\xff", 1), PC_ERROR_INVALID);
    CHECK_OK(pc_ring_add(ring, "here", 1));
    node(ring, "a", 1);
    pc_ring_free(&ring);
}

static void lines(void)
{
    pc_request request = make_request(PC_MODE_FOR_ANYONE, "page 1", 15);
    char *line = NULL;

    CHECK_OK(pc_request_line(&request, &line));
    CHECK_TEXT(line, "ACQ4ANY page%201 1 1000 15\n");
    pc_string_free(&line);
    request.mode = PC_MODE_FOR_ME;
    request.key = "\xff";
    request.key_length = 1;
    CHECK_OK(pc_request_line(&request, &line));
    CHECK_TEXT(line, "ACQ4ME \xff 1 1000 15\n");
    pc_string_free(&line);
    request.key = "a\nb";
    request.key_length = 3;
    CHECK_NUMBER(pc_request_line(&request, &line), PC_ERROR_BAD_KEY);
    request.key_length = 1;
    request.workers = -1;
    CHECK_NUMBER(pc_request_line(&request, &line), PC_ERROR_INVALID);
    request.size = 0;
    CHECK_NUMBER(pc_request_line(&request, &line), PC_ERROR_INVALID);
    CHECK(line == NULL);
    CHECK_TEXT(pc_release_line(), "RELEASE\n");
}

int main(void)
{
    a_key_belongs_to_the_node_of_the_vectors();
    the_number_of_points_counts();
    what_a_ring_refuses();
    lines();
    return 0;
}
