// libpoolcounter: PoolCounter's client for C.
//
// This file is made from the sources in c-api/src; `UPDATE=1 cargo test -p poolcounter_c --test header` writes it anew.
//
//     pc_config *config = NULL;
//     pc_client *client = NULL;
//     pc_lock lock;
//     pc_outcome outcome;
//     pc_request request = {.size = sizeof request, .mode = PC_MODE_FOR_ANYONE, .key = "page 1", .key_length = 6,
//                           .workers = 1, .maxqueue = 100, .timeout_seconds = 15};
//
//     pc_config_new(&config);
//     pc_config_add_server(config, "10.0.0.1");
//     pc_client_new(config, &client);
//     pc_config_free(&config);
//     if (pc_client_acquire(client, &request, &lock, &outcome) != PC_OK) {
//         fprintf(stderr, "%s\n", pc_client_error_message(client)); // and do the work unprotected
//     } else if (outcome == PC_OUTCOME_LOCKED) {
//         // Do the work, store it, and then:
//         pc_client_release(client, lock, NULL);
//     }
//     pc_client_free(&client);
//
// Conventions, where a function does not say otherwise:
//
// - A function returns PC_OK or an error, and writes its outputs only with PC_OK. Any pointer may be NULL: the function
//   then returns PC_ERROR_NULL or does nothing. Enums are passed as integers; an unknown value is PC_ERROR_INVALID.
//   Enums that are results or outputs are as large as an int32_t.
// - The caller owns what a pc_..._new() or a pc_async_...() gives, and frees it with pc_..._free(), which sets the
//   pointer to NULL, and does nothing with NULL. Arguments stay the caller's and are not needed after the call.
// - A struct that the caller allocates begins with its size, which the caller sets to its sizeof.
// - Texts are UTF-8 and end with a NUL byte; keys are bytes with a length. Units are part of the names: seconds, ms.
// - One thread at a time may use a client, its locks and its calls; a second one meanwhile gets PC_ERROR_IN_USE.
//   Clients share only the process's knowledge of servers and names. The library starts no thread, changes no signal
//   handling and calls no callbacks.
// - After a fork, the child's calls do not use the parent's connections and make their own, even if a thread of the
//   parent was inside a call. The locks belong to the parent: in the child they are PC_ERROR_NO_SUCH_LOCK. The child
//   may free its copies: this ends no lock and no connection of the parent.
// - No call waits without a deadline. A signal does not end a wait, except that of pc_client_acquire_until_signal().
//   The system looks up the names of servers, without a deadline of the library: with addresses there is no look-up.

#ifndef POOLCOUNTER_H
#define POOLCOUNTER_H

#include <stddef.h>
#include <stdint.h>

// Why a function did not do what it was asked. Numbers are never reused. It is as large as an int32_t.
typedef enum {
  // It did.
  PC_OK = 0,
  // A pointer that must point to something is NULL.
  PC_ERROR_NULL = 1,
  // A number or a text is out of its range.
  PC_ERROR_INVALID = 2,
  // A text names no server.
  PC_ERROR_BAD_SERVER = 3,
  // There is no server, or none of this index.
  PC_ERROR_NO_SERVER = 4,
  // The key cannot be sent: it is empty, too long, or has a NUL, CR or LF byte. Nothing was sent.
  PC_ERROR_BAD_KEY = 5,
  // No server could be connected to, or the only ones left are not asked at the moment.
  PC_ERROR_CONNECT = 6,
  // The command could not be sent.
  PC_ERROR_WRITE = 7,
  // No answer came in time, or none that makes sense.
  PC_ERROR_READ = 8,
  // The server answered ERROR.
  PC_ERROR_REMOTE = 9,
  // The client has no such lock, or has it no more. In the child of a fork: the lock is the parent's.
  PC_ERROR_NO_SUCH_LOCK = 10,
  // The call has no result yet.
  PC_ERROR_NOT_FINISHED = 11,
  // Another thread, or a signal handler, is using this client.
  PC_ERROR_IN_USE = 12,
  // A fault of the library. The client has closed its connections.
  PC_ERROR_INTERNAL = 13,
  // The client that the call belongs to was freed.
  PC_ERROR_FREED = 14,
  // A wait is interrupted, by a signal or for a check of signals, and can be resumed.
  PC_ERROR_INTERRUPTED = 15,
} pc_error;

// The answer to a call. The numbers are MediaWiki's, and are never given to something else. It is as large as an
// int32_t.
typedef enum {
  // The lock is held: do the work, then release it.
  PC_OUTCOME_LOCKED = 1,
  // The release succeeded.
  PC_OUTCOME_RELEASED = 2,
  // Somebody else did the work: read the cache.
  PC_OUTCOME_DONE = 3,
  // A question for statistics is answered.
  PC_OUTCOME_STATISTICS = 4,
  // There was no lock to release.
  PC_OUTCOME_NOT_LOCKED = -2,
  // Too many hold the key or wait for it: serve something stale.
  PC_OUTCOME_QUEUE_FULL = -3,
  // The wait was too long: serve something stale.
  PC_OUTCOME_TIMEOUT = -4,
  // The connection has four locks already.
  PC_OUTCOME_LOCK_HELD = -5,
} pc_outcome;

// Who may use the result of the work.
typedef enum {
  // The caller alone: every waiter gets the lock in its turn.
  PC_MODE_FOR_ME = 1,
  // Anyone: when the work is done, all waiters are told `PC_OUTCOME_DONE`.
  PC_MODE_FOR_ANYONE = 2,
} pc_mode;

// The event of a descriptor.
typedef enum {
  // Nothing: the time-out alone is waited for.
  PC_DIRECTION_NONE = 0,
  // Until there is something to read.
  PC_DIRECTION_READ = 1,
  // Until it can be written to.
  PC_DIRECTION_WRITE = 2,
} pc_direction;

// A client for event loops: its calls never block. Many can be under way at once.
typedef struct pc_async pc_async;

// A call under way. It belongs to the thread of its client.
typedef struct pc_call pc_call;

// A client whose calls block until their answer is there, or their deadline has passed.
typedef struct pc_client pc_client;

// The configuration of clients. It is copied when a client is made, and may serve many. Several threads may use it
// at once, but for freeing it; one waits for the other.
typedef struct pc_config pc_config;

// A ring of labels, which spreads keys as python-poolcounter does. It is for programs that choose servers themselves.
// Several threads may ask it at once, but only while none changes or frees it.
typedef struct pc_ring pc_ring;

// What an acquire asks for. Set what is not needed to 0: a designated initialiser does that.
typedef struct {
  // sizeof(pc_request). It tells the library which fields the program was compiled with; fields may be added at the
  // end.
  uint32_t size;
  // A pc_mode.
  int32_t mode;
  // The bytes of the key; a NUL, CR or LF among them is refused. It is the caller's, and not needed after the
  // call.
  const char *key;
  // How many bytes.
  size_t key_length;
  // How many may hold the key at once, from 0 to 2^32 - 1.
  int64_t workers;
  // How many may hold the key or wait for it, from 0 to 2^32 - 1.
  int64_t maxqueue;
  // How many seconds the server lets the caller wait for the lock, from 0 to 2^32 - 1.
  int64_t timeout_seconds;
  // How many milliseconds to wait for the answer; 0 for 1.5 times timeout_seconds. The configuration's
  // min_answer_timeout_ms is the least. With timeout_seconds 0 the answer is due at once, and this can only shorten
  // that time.
  int64_t answer_timeout_ms;
} pc_request;

// A lock that is held. No client of the process gives the number again; 0 is no lock.
typedef uint64_t pc_lock;

// What a call waits for: its descriptor or its time-out, whichever comes first.
typedef struct {
  // sizeof(pc_wait), which the caller sets. It tells the library which fields the program was compiled with; fields
  // may be added at the end. One that an older library does not know is left as it was.
  uint32_t size;
  // 1 if the call has finished and waits for nothing; otherwise 0.
  int32_t finished;
  // The descriptor; -1 if the time-out alone is waited for. It belongs to the library.
  int32_t descriptor;
  // A pc_direction.
  int32_t direction;
  // How many milliseconds to wait at the most, as poll() takes it; -1 if the call has finished.
  int32_t timeout_ms;
  // The index of a server whose name the caller is to look up: see pc_config_set_look_ups_by_caller(). Otherwise
  // -1.
  int32_t look_up;
} pc_wait;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// What an error number means, in a short text; for what happened, ask the client: pc_client_error_message(). The
// text is the library's and lasts for ever.
const char *pc_error_message(int32_t error);

// The word of the protocol for an outcome, such as "QUEUE_FULL", and "UNKNOWN" for another number. The text is the
// library's and lasts for ever.
const char *pc_outcome_name(int32_t outcome);

// The number of the ABI, which the library's file name ends with: libpoolcounter.so.0. It is for programs that load the
// library themselves. A library with another number does not fit the header that they were built with.
int32_t pc_abi(void);

// The library's version, such as "0.2.0". The text is the library's and lasts for ever.
const char *pc_version(void);

// Makes a configuration without servers: 100 ms to connect, once; at least 1,000 ms for an answer, and 4,000 ms for
// the first one of a connection; a server that gave no answer is not asked for at least 1,000 ms; 8 connections are
// kept without use, for 60,000 ms; a release is not waited for. Free it with pc_config_free().
pc_error pc_config_new(pc_config **config);

// Frees a configuration and leaves NULL behind. Clients that were made from it go on.
void pc_config_free(pc_config **config);

// Adds a server: host, host:port, [address]:port, or unix:/path. Keys are spread over such servers as MediaWiki
// does it: all in an order that depends on the key and on these texts, the next one if one is away.
pc_error pc_config_add_server(pc_config *config, const char *server);

// Adds a server to a ring, which spreads keys as python-poolcounter does: by label and weight (0 to 1000), one
// server a key, without another when it is away.
pc_error pc_config_add_ring_server(pc_config *config, const char *label, const char *server, int64_t weight);

// How many milliseconds a connection may take to be made, from 1 on; at most twice as long to a name with several
// addresses.
pc_error pc_config_set_connect_timeout_ms(pc_config *config, int64_t ms);

// Whether a connection that could not be made is tried a second time, a millisecond later: 0 or 1.
pc_error pc_config_set_connect_twice(pc_config *config, int32_t on);

// The least number of milliseconds to wait for an answer, from 1 on. An acquire waits longer if its own timeout asks
// for it. An answer that is due at once, as that to an acquire with timeout 0, has this time on a connection that
// has answered before.
pc_error pc_config_set_min_answer_timeout_ms(pc_config *config, int64_t ms);

// How many milliseconds an answer that is due at once may take on a connection that has not answered before, from 1
// on; at least the time of pc_config_set_min_answer_timeout_ms(). A server that is asked by many at once takes seconds
// to accept all of them.
pc_error pc_config_set_first_answer_timeout_ms(pc_config *config, int64_t ms);

// From 0 on: for how many milliseconds a server that refused is tried last, 1,000 at the most; and for how many, at
// the least, one that gave no answer in time is not asked at all. That time doubles with each further failure, up to
// 10,000.
pc_error pc_config_set_avoid_for_ms(pc_config *config, int64_t ms);

// A connection that was idle for more milliseconds than this, from 0 on, is not used again.
pc_error pc_config_set_max_idle_time_ms(pc_config *config, int64_t ms);

// How many connections are kept without use, from 0 to 10,000.
pc_error pc_config_set_max_idle_connections(pc_config *config, int64_t connections);

// Whether a release waits for its answer: 0 or 1. Without that it is known beforehand, and read before the
// connection's next command.
pc_error pc_config_set_await_release(pc_config *config, int32_t on);

// Whether a pc_async leaves it to its caller to look names of servers up, so that nothing blocks: 0 or 1. A
// pc_client does it itself.
//
// With 1, pc_call_progress() may set `look_up` to the index of a server. The caller then begins to look up its host,
// pc_async_server_host(), and gives the result to pc_looked_up() when it has it. Meanwhile the call goes on as
// `wait` says. An address is never looked up. A name is, at most once a minute, or once in ten seconds if it is not
// found or its addresses do not answer, whatever the number of clients.
pc_error pc_config_set_look_ups_by_caller(pc_config *config, int32_t on);

// Why the last call with this configuration failed, or an empty text. The text is valid until the next call with it,
// in any thread.
const char *pc_config_error_cause(const pc_config *config);

// Makes a ring without labels. A label has `points` points, from 1 to 1000, for each unit of its weight: 100 on the
// rings of python-poolcounter and of pc_config_add_ring_server(). Free it with pc_ring_free().
pc_error pc_ring_new(int64_t points, pc_ring **ring);

// Frees a ring and leaves NULL behind.
void pc_ring_free(pc_ring **ring);

// Adds a label with a weight, from 0 to 1000. With weight 0 it gets no keys. A label that the ring has already, or
// that has a point of another label, is PC_ERROR_INVALID.
pc_error pc_ring_add(pc_ring *ring, const char *label, int64_t weight);

// The label that a key belongs to: `node` is its index, in the order in which the labels were added. The key may have
// any bytes. Without labels, or if all weights are 0, it gives PC_ERROR_NO_SERVER.
pc_error pc_ring_node(const pc_ring *ring, const char *key, size_t key_length, size_t *node);

// The line that an acquire sends, with its line feed, for a program with sockets of its own. Free it with
// pc_string_free(). Its key has the bytes that were given, but for the space.
pc_error pc_request_line(const pc_request *request, char **line);

// The line that releases a lock, with its line feed: a server releases the newest lock of the connection. The text is
// the library's and lasts for ever.
const char *pc_release_line(void);

// Makes a client, which has no connection yet. Free it with pc_client_free(). If it cannot be made,
// pc_config_error_cause() says why.
pc_error pc_client_new(const pc_config *config, pc_client **client);

// Closes the client's connections, frees it and leaves NULL behind. Locks that are held are abandoned. While
// another thread uses the client, nothing is done.
void pc_client_free(pc_client **client);

// Waits for a lock. With PC_OUTCOME_LOCKED, `lock` is the number of the lock to release or abandon; with any other
// outcome it is 0.
//
// If no server answers (PC_ERROR_CONNECT, PC_ERROR_WRITE, PC_ERROR_READ) the work is to be done unprotected.
pc_error pc_client_acquire(pc_client *client, const pc_request *request, pc_lock *lock, pc_outcome *outcome);

// Waits for a lock as pc_client_acquire() does, but gives PC_ERROR_INTERRUPTED when a signal has come and its
// handler has run; and once a second, for the signal that came just before the wait. The wait is not lost:
// pc_client_resume() goes on with it. The client's next acquire, or its end, gives it up.
pc_error pc_client_acquire_until_signal(pc_client *client,
                                        const pc_request *request,
                                        pc_lock *lock,
                                        pc_outcome *outcome);

// Goes on with a wait that was interrupted; its deadline is the one that it had. The outputs are those of the
// acquire. Without such a wait it gives PC_ERROR_INVALID.
pc_error pc_client_resume(pc_client *client, pc_lock *lock, pc_outcome *outcome);

// Releases a lock: waiters for anyone's result are told that it is there. `outcome` may be NULL.
//
// The lock's number is invalid afterwards in any case. Only with pc_config_set_await_release() can a broken connection be an error.
pc_error pc_client_release(pc_client *client,
                           pc_lock lock,
                           pc_outcome *outcome);

// The work failed: the lock's connection is closed, so the next waiter does the work and nobody is told that it is
// done.
pc_error pc_client_abandon(pc_client *client, pc_lock lock);

// Asks a server, by its index, for "FULL", "UPTIME" or the name of a counter. Free the text with pc_string_free(). A
// name that cannot be sent is PC_ERROR_INVALID.
pc_error pc_client_stats(pc_client *client, size_t server, const char *name, char **stats);

// Frees a text that a function gave for that, and leaves NULL behind.
void pc_string_free(char **string);

// Closes every connection. Locks that are held are abandoned. The client can be used on.
pc_error pc_client_close(pc_client *client);

// How many servers there are.
size_t pc_client_server_count(const pc_client *client);

// The text of a server, as it was configured; NULL if there is none of this index. It is the client's and lasts as
// long.
const char *pc_client_server_name(const pc_client *client, size_t server);

// The number of the last error of this client; PC_OK if there was none. A call that succeeds leaves it.
pc_error pc_client_last_error(const pc_client *client);

// The last error in a sentence, with server and cause. It is valid until the next call with this client.
const char *pc_client_error_message(const pc_client *client);

// The server of the last error, as it was configured; empty if none is concerned. It is valid until the next call
// with this client.
const char *pc_client_error_server(const pc_client *client);

// The cause of the last error: the system's words, or the server's. It is valid until the next call with this
// client.
const char *pc_client_error_cause(const pc_client *client);

// Makes a client, which has no connection yet. The name of a server is looked up when it is connected to, by
// pc_call_progress(), which may block then; pc_config_set_look_ups_by_caller() is for programs that must not. Free
// it with pc_async_free(). If it cannot be made, pc_config_error_cause() says why.
pc_error pc_async_new(const pc_config *config, pc_async **client);

// The result of a look-up that `look_up` in a pc_wait asked for: the host, and its addresses with commas between them,
// as getnameinfo() writes them with NI_NUMERICHOST; or NULL, and why there are none. `cause` may be NULL if there are
// addresses. It serves every client of the process. Any thread may call it, even if the call and its client are freed
// by then. Until then, calls to this server wait or fail.
pc_error pc_looked_up(const char *host, const char *addresses, const char *cause);

// Closes the client's connections, frees it and leaves NULL behind. Locks that are held are abandoned; calls under
// way fail and are still to be freed. While another thread uses the client, nothing is done.
void pc_async_free(pc_async **client);

// Begins to acquire a lock. Drive the call with pc_call_progress(), and free it with pc_call_free().
pc_error pc_async_acquire(pc_async *client, const pc_request *request, pc_call **call);

// Begins to release a lock. By default the call finishes as soon as the command is written, mostly at the first
// pc_call_progress(). The lock's number is invalid afterwards in any case.
pc_error pc_async_release(pc_async *client, pc_lock lock, pc_call **call);

// The work failed: the lock's connection is closed, so the next waiter does the work and nobody is told that it is
// done.
pc_error pc_async_abandon(pc_async *client, pc_lock lock);

// Begins to ask a server, by its index, for "FULL", "UPTIME" or the name of a counter. pc_call_text() gives the
// answer. A name that cannot be sent is PC_ERROR_INVALID.
pc_error pc_async_stats(pc_async *client, size_t server, const char *name, pc_call **call);

// Closes every connection. Locks that are held are abandoned, and calls that wait for an answer fail. The client
// can be used on.
pc_error pc_async_close(pc_async *client);

// How many servers there are.
size_t pc_async_server_count(const pc_async *client);

// The text of a server, as it was configured; NULL if there is none of this index. It is the client's and lasts as
// long.
const char *pc_async_server_name(const pc_async *client, size_t server);

// The host of a server, to be looked up, without brackets and port; NULL if there is none of this index, or it is a
// Unix socket. It is the client's and lasts as long.
const char *pc_async_server_host(const pc_async *client, size_t server);

// The number of the last error of this client and its calls; PC_OK if there was none. What succeeds leaves it.
pc_error pc_async_last_error(const pc_async *client);

// The last error in a sentence, with server and cause. It is valid until the next call with this client.
const char *pc_async_error_message(const pc_async *client);

// The server of the last error, as it was configured; empty if none is concerned. It is valid until the next call
// with this client.
const char *pc_async_error_server(const pc_async *client);

// The cause of the last error: the system's words, or the server's. It is valid until the next call with this
// client.
const char *pc_async_error_cause(const pc_async *client);

// Goes on with a call as far as it goes without blocking, and says what it waits for now. Call it right after the
// call was made, and again whenever the descriptor is ready or the time-out is over; too early is harmless.
//
// The descriptor may be closed and another one take its place. So take it off the event loop before
// pc_call_progress() and pc_call_free(), and put on what `wait` says afterwards.
pc_error pc_call_progress(pc_call *call, pc_wait *wait);

// The result of a call that has finished. Both outputs may be NULL, but then a lock has no number: it is abandoned
// when the call is freed.
//
// If the call failed, its error is returned, and is the client's last error from now on.
pc_error pc_call_result(pc_call *call, pc_lock *lock, pc_outcome *outcome);

// The answer to a question for statistics; empty before it is there. It is the call's and lasts as long.
const char *pc_call_text(const pc_call *call);

// Frees a call and leaves NULL behind. One that has not finished is cancelled: its connection is closed, and the
// server removes the request from its queue without waking anybody. While another thread uses the client, nothing is done.
void pc_call_free(pc_call **call);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* POOLCOUNTER_H */
