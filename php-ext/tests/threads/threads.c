/*
 * PHP in threads, by the embed SAPI: PROGRAM FILE THREADS REQUESTS [in-turn]
 *
 * Each thread runs FILE in as many requests, with $thread and $request from 1. "in-turn": one request at a time, thread after thread. Prints "ended" when the threads
 * have ended, and waits for SIGTERM before it ends PHP.
 */
#include <pthread.h>
#include <signal.h>
#include <sapi/embed/php_embed.h>

static const char *file;
static int threads, requests, in_turn, turn;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t next = PTHREAD_COND_INITIALIZER;

static void run_request(int thread, int request)
{
    char code[1000];

    if (php_request_startup() == FAILURE) {
        fputs("a request cannot start\n", stderr);
        exit(1);
    }
    SG(headers_sent) = 1;
    SG(request_info).no_headers = 1;
    snprintf(code, sizeof code, "$thread = %d; $request = %d; require '%s';", thread, request, file);
    zend_first_try
    {
        zend_eval_string(code, NULL, "threads");
    }
    zend_end_try();
    php_request_shutdown(NULL);
}

static void *run(void *argument)
{
    int thread = (int)(intptr_t)argument;

    ts_resource(0);
    for (int request = 1; request <= requests; request++) {
        if (in_turn) {
            pthread_mutex_lock(&lock);
            while (turn != (request - 1) * threads + thread - 1)
                pthread_cond_wait(&next, &lock);
            pthread_mutex_unlock(&lock);
        }
        run_request(thread, request);
        pthread_mutex_lock(&lock);
        turn++;
        pthread_cond_broadcast(&next);
        pthread_mutex_unlock(&lock);
    }
    ts_free_thread();
    return NULL;
}

int main(int count, char **arguments)
{
    pthread_t started[64];
    sigset_t end;
    int signal;

    if (count < 4 || (threads = atoi(arguments[2])) > 64)
        return 2;
    file = arguments[1];
    requests = atoi(arguments[3]);
    in_turn = count > 4;
    sigemptyset(&end);
    sigaddset(&end, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &end, NULL);
    if (php_embed_init(1, arguments) == FAILURE)
        return 1;
    for (int thread = 0; thread < threads; thread++)
        if (pthread_create(&started[thread], NULL, run, (void *)(intptr_t)(thread + 1)) != 0)
            return 1;
    for (int thread = 0; thread < threads; thread++)
        pthread_join(started[thread], NULL);
    puts("ended");
    fflush(stdout);
    sigwait(&end, &signal);
    php_embed_shutdown();
    return 0;
}
