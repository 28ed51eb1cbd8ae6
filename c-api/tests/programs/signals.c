// A signal ends a wait only in pc_client_acquire_until_signal(), no signal kills the process, and the library does not
// change the handling of signals.

#include "sockets.h"
#include "waiter.h"
#include <signal.h>
#include <sys/time.h>

enum { SIGNALS = 32 };

static volatile sig_atomic_t alarms;

static void count_alarm(int number)
{
    (void)number;
    alarms = alarms + 1;
}

// Without SA_RESTART, so that every waiting system call is interrupted.
static void ring_every_20_ms(int on)
{
    struct sigaction action = {.sa_handler = count_alarm};
    struct itimerval timer = {.it_value = {0, on * 20000}, .it_interval = {0, on * 20000}};

    sigemptyset(&action.sa_mask);
    CHECK_NUMBER(sigaction(SIGALRM, &action, NULL), 0);
    CHECK_NUMBER(setitimer(ITIMER_REAL, &timer, NULL), 0);
}

static void a_wait_goes_on(void)
{
    pc_client *client = client_of(servers[0].address);
    pc_lock lock = locked(client, "key"), none;

    ring_every_20_ms(1);
    alarms = 0;
    // A second each: the server's time-out ends them, and not the signal.
    CHECK_NUMBER(acquire(client, PC_MODE_FOR_ME, "key", 1, &none), PC_OUTCOME_TIMEOUT);
    CHECK(alarms > 0);
    alarms = 0;
    CHECK_NUMBER(acquire(client, PC_MODE_FOR_ANYONE, "key", 1, &none), PC_OUTCOME_TIMEOUT);
    CHECK(alarms > 0);
    ring_every_20_ms(0);
    CHECK_OK(pc_client_release(client, lock, NULL));
    pc_client_free(&client);
}

static void a_deadline_stands(void)
{
    const char *server = servers[0].address;
    pc_config *config = config_of(server);
    pc_request request = make_request(PC_MODE_FOR_ME, "key", 0);
    pc_outcome outcome;
    pc_client *client;
    pc_lock lock;

    CHECK_OK(pc_config_set_min_answer_timeout_ms(config, 500));
    client = client_from(config);
    CHECK_NUMBER(kill(servers[0].pid, SIGSTOP), 0);
    ring_every_20_ms(1);
    alarms = 0;
    CHECK_NUMBER(pc_client_acquire(client, &request, &lock, &outcome), PC_ERROR_READ);
    CHECK(alarms > 0);
    ring_every_20_ms(0);
    CHECK_NUMBER(kill(servers[0].pid, SIGCONT), 0);
    CHECK_TEXT(pc_client_error_cause(client), "Connection timed out");
    pc_client_free(&client);
}

// A wait for the key that a signal has interrupted.
static void interrupted(pc_client *client, pc_lock *lock, pc_outcome *outcome)
{
    pc_request request = make_request(PC_MODE_FOR_ANYONE, "key", 60);

    ring_every_20_ms(1);
    alarms = 0;
    CHECK_NUMBER(pc_client_acquire_until_signal(client, &request, lock, outcome), PC_ERROR_INTERRUPTED);
    CHECK(alarms > 0);
    CHECK_TEXT(pc_client_error_message(client), "the wait is interrupted, and can be resumed");
}

static void a_wait_may_heed_signals(void)
{
    pc_client *holder = client_of(servers[0].address), *client = client_of(servers[0].address);
    pc_outcome outcome = PC_OUTCOME_LOCKED;
    pc_lock held, lock = 77;

    wait_for_rest(holder);
    held = locked(holder, "key");
    interrupted(client, &lock, &outcome);
    CHECK_NUMBER(pc_client_resume(client, &lock, &outcome), PC_ERROR_INTERRUPTED);
    CHECK(lock == 77 && outcome == PC_OUTCOME_LOCKED);
    ring_every_20_ms(0);
    CHECK_NUMBER(counter(holder, "waiting_workers"), 1);
    CHECK_OK(pc_client_release(holder, held, NULL));
    // Once a second a wait ends without a signal.
    pc_error error;
    do
        error = pc_client_resume(client, &lock, &outcome);
    while (error == PC_ERROR_INTERRUPTED);
    CHECK_OK(error);
    CHECK(lock == 0 && outcome == PC_OUTCOME_DONE);
    CHECK_NUMBER(pc_client_resume(client, &lock, &outcome), PC_ERROR_INVALID);
    CHECK_TEXT(pc_client_error_message(client), "no wait was interrupted");
    pc_client_free(&client);
    pc_client_free(&holder);
}

static void a_signal_before_the_wait_is_heeded_too(void)
{
    pc_client *holder = client_of(servers[0].address), *client = client_of(servers[0].address);
    pc_lock held = locked(holder, "key"), lock;
    pc_outcome outcome;
    pc_request request = make_request(PC_MODE_FOR_ANYONE, "key", 60);

    CHECK_NUMBER(pc_client_acquire_until_signal(client, &request, &lock, &outcome), PC_ERROR_INTERRUPTED);
    pc_client_free(&client);
    CHECK_OK(pc_client_release(holder, held, NULL));
    pc_client_free(&holder);
}

static void an_interrupted_wait_may_be_given_up(void)
{
    pc_client *holder = client_of(servers[0].address), *client = client_of(servers[0].address);
    pc_lock held = locked(holder, "key"), lock = 0;
    pc_outcome outcome;

    interrupted(client, &lock, &outcome);
    ring_every_20_ms(0);
    lock = locked(client, "another");
    wait_for(holder, "waiting_workers", 0);
    CHECK_OK(pc_client_release(client, lock, NULL));
    interrupted(client, &lock, &outcome);
    ring_every_20_ms(0);
    CHECK_OK(pc_client_close(client));
    wait_for(holder, "waiting_workers", 0);
    CHECK_NUMBER(pc_client_resume(client, &lock, &outcome), PC_ERROR_INVALID);
    interrupted(client, &lock, &outcome);
    ring_every_20_ms(0);
    pc_client_free(&client);
    wait_for(holder, "waiting_workers", 0);
    CHECK_OK(pc_client_release(holder, held, NULL));
    pc_client_free(&holder);
}

// A Unix socket of the second daemon, if it supports one. Writing to it after the daemon's end raises SIGPIPE at once.
static const char *unix_socket(void)
{
    static char name[256] = "unix:";

    CHECK(getcwd(name + 5, sizeof name - 16) != NULL);
    strcat(name, "/socket");
    return access(name + 5, F_OK) == 0 ? name : NULL;
}

// With the default action of SIGPIPE, this would kill the process.
static void a_broken_connection_does_not_kill(const char *server)
{
    pc_client *client = client_of(server);
    pc_lock lock = locked(client, "key");
    char *text = NULL;

    CHECK_NUMBER(kill(servers[1].pid, SIGKILL), 0);
    wait_until_refused(servers[1].address);
    CHECK_OK(pc_client_release(client, lock, NULL));
    CHECK_NUMBER(pc_client_stats(client, 0, "FULL", &text), PC_ERROR_CONNECT);
    pc_client_free(&client);
}

struct state {
    struct sigaction actions[SIGNALS];
    sigset_t mask;
};

static void look(struct state *state)
{
    // Padding is compared as well.
    memset(state, 0, sizeof *state);
    for (int number = 1; number < SIGNALS; number++)
        CHECK_NUMBER(sigaction(number, NULL, &state->actions[number]), 0);
    CHECK_NUMBER(pthread_sigmask(SIG_SETMASK, NULL, &state->mask), 0);
}

static void expect_the_same(const struct state *before)
{
    struct state after;

    look(&after);
    for (int number = 1; number < SIGNALS; number++) {
        CHECK(after.actions[number].sa_handler == before->actions[number].sa_handler);
        CHECK_NUMBER(after.actions[number].sa_flags, before->actions[number].sa_flags);
        CHECK_NUMBER(sigismember(&after.mask, number), sigismember(&before->mask, number));
    }
}

int main(int argc, char **argv)
{
    struct state before;

    begin(argc, argv);
    ring_every_20_ms(0);
    look(&before);
    CHECK(before.actions[SIGPIPE].sa_handler == SIG_DFL);
    a_wait_goes_on();
    a_deadline_stands();
    a_wait_may_heed_signals();
    a_signal_before_the_wait_is_heeded_too();
    an_interrupted_wait_may_be_given_up();
    if (unix_socket())
        a_broken_connection_does_not_kill(unix_socket());
    expect_the_same(&before);
    return 0;
}
