/// <reference lib="esnext.disposable" />

declare global {
  /** The type of Node or of browsers, if their types are installed. */
  interface AbortSignal {
    readonly aborted: boolean;
  }
}

/** Who may use the result of the work. `forAnyone`: a waiter gets `done` when another caller has done the work. `forMe`: every waiter gets the lock in its turn. */
export type Mode = 'forAnyone' | 'forMe';

/** A server of a ring. The ring distributes keys by python-poolcounter's rule. */
export interface RingServer {
  /** The label, which decides which keys the server gets. */
  label: string;
  /** The server's address: `host`, `host:port`, `[address]:port` or `unix:/path`. */
  server: string;
  /** The server's share of the keys, from 0 to 1000. By default 1. */
  weight?: number;
}

/** The options of a pool. */
export interface Options {
  /**
   * The servers. As texts, `host`, `host:port`, `[address]:port` or `unix:/path`: keys are distributed by MediaWiki's rule, and the next server gets the keys of a
   * server that is away. As a ring: each key has one server, and no other server is asked if it is away.
   */
  servers: readonly string[] | readonly RingServer[];
  /** Milliseconds to connect; at most twice as long to a name with several addresses. By default 100. */
  connectTimeoutMs?: number;
  /** Whether to try a second time, a millisecond later, if connecting failed. By default false. */
  connectTwice?: boolean;
  /**
   * The least number of milliseconds to wait for an answer. A lock waits for 1.5 times its own timeout, if that is more. If the server answers at once, as with timeout 0,
   * this is the time on a connection that has answered before. By default 1000.
   */
  minAnswerTimeoutMs?: number;
  /**
   * Milliseconds to wait for an answer on a new connection if the server answers at once; at least `minAnswerTimeoutMs`. A server needs seconds to accept many
   * connections at once. By default 4000.
   */
  firstAnswerTimeoutMs?: number;
  /**
   * The least number of milliseconds for which a server that gave no answer in time is avoided. The time doubles with each further failure, up to 10000. A server that
   * refused a connection is tried last for this time, 1000 at most. By default 1000.
   */
  avoidForMs?: number;
  /** A connection that was idle for more milliseconds is not reused. By default 60000. */
  maxIdleTimeMs?: number;
  /** How many idle connections stay open. By default 8. */
  maxIdleConnections?: number;
  /** Whether a release waits for the server's answer. By default false, because the answer is known. */
  awaitRelease?: boolean;
}

/** What an acquire asks for. */
export interface Request {
  /** How many may hold the key at once. */
  workers: number;
  /** How many may hold the key or wait for it. */
  maxqueue: number;
  /** How long to wait for the lock, in whole seconds, not milliseconds; with 0 there is no wait. */
  timeoutSeconds: number;
  /** Who may use the result. By default `forAnyone`. */
  mode?: Mode;
  /**
   * Milliseconds to wait for the answer, instead of 1.5 times `timeoutSeconds`; never less than the pool's `minAnswerTimeoutMs`. With `timeoutSeconds` 0 it can only shorten the wait.
   */
  answerTimeoutMs?: number;
  /** Ends the wait when it is aborted: the server removes the request from the queue, and the promise is rejected with the signal's reason. It does not end the work. */
  signal?: AbortSignal;
}

/** Another caller has done the work: read the cache. */
export interface Done {
  readonly outcome: 'done';
}

/** As many as `maxqueue` work on the key or wait for it: serve an older result. */
export interface QueueFull {
  readonly outcome: 'queueFull';
}

/** The lock was not granted within `timeoutSeconds`: serve an older result. */
export interface Timeout {
  readonly outcome: 'timeout';
}

/** The connection has too many locks. This does not occur with this package, because each lock has its own connection. */
export interface LockHeld {
  readonly outcome: 'lockHeld';
}

/** The outcome if the lock was not granted. */
export type NotLocked = Done | QueueFull | Timeout | LockHeld;

/** What `acquire` gives. */
export type Acquired = { readonly outcome: 'locked'; readonly lock: Lock } | NotLocked;

/** What `run` gives. */
export type Result<T> = { readonly outcome: 'locked'; readonly value: T } | NotLocked;

/** The statistics of a server: name => value, a number where it is one. */
export type Statistics = Record<string, number | string>;

/** A client of PoolCounter: if many callers want the same result at the same moment, one computes it, and the others wait. */
export declare class PoolCounter implements AsyncDisposable {
  /**
   * Makes a pool. It does not connect yet.
   *
   * @throws {BadServerError} A text names no server, or the list is empty.
   * @throws {TypeError} An option has a wrong type, or is unknown.
   * @throws {RangeError} A number is out of its range.
   */
  constructor(options: Options);

  /**
   * Runs `work` if the lock is granted, and then releases the lock: the waiters are told that the work is done.
   *
   * If `work` throws, the connection of the lock is closed, no waiter is told that the work is done, and the next waiter does the work. The promise is rejected with
   * the error. If the connection breaks during the work, `lock.signal` is aborted, and the result still has the value of the work.
   *
   * @throws {UnavailableError} No answer came: do the work unprotected. With `awaitRelease` this error may come after the work.
   * @throws {BadKeyError} The key cannot be sent.
   * @throws {TypeError} A part of the request has a wrong type, or is unknown.
   * @throws {RangeError} A number is out of its range.
   */
  run<T>(key: string | Uint8Array, request: Request, work: (lock: Lock) => T | PromiseLike<T>): Promise<Result<T>>;

  /**
   * Waits for a lock. Release it if the work succeeded, and abandon it if the work failed.
   *
   * @throws {UnavailableError} No answer came: do the work unprotected.
   * @throws {BadKeyError} The key cannot be sent.
   * @throws {TypeError} A part of the request has a wrong type, or is unknown.
   * @throws {RangeError} A number is out of its range.
   */
  acquire(key: string | Uint8Array, request: Request): Promise<Acquired>;

  /**
   * Asks a server for its statistics, or all servers: server => name => value.
   *
   * @param name `FULL`, which is the default, `UPTIME`, or the name of a counter.
   * @param server One of the pool's servers, as in the options. By default all of them.
   * @throws {UnavailableError} A server gave no answer.
   * @throws {TypeError} The name is not a string.
   * @throws {RangeError} The name cannot be sent, or `server` is not one of the pool's servers.
   */
  stats(name?: string, server?: string): Promise<Record<string, Statistics>>;

  /** Closes the connections. Held locks are abandoned, and waiting calls are rejected with a `ClosedError`. The pool remains usable. */
  close(): Promise<void>;

  /** The same as `close`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** A lock that is held. A lock that is forgotten is abandoned when it is garbage-collected. */
export declare class Lock implements AsyncDisposable {
  private constructor();

  /** Aborted when the connection breaks: the server gives the lock to the next waiter. */
  readonly signal: AbortSignal;

  /**
   * The work is done: the waiters are told so.
   *
   * @returns `notLocked` if the lock was released or abandoned before, or if `signal` is aborted, as after `close()` of the pool. With `awaitRelease` also if the server
   * no longer has the lock.
   * @throws {UnavailableError} The server gave no answer. This occurs only with `awaitRelease`. The lock is gone in any case.
   */
  release(): Promise<'released' | 'notLocked'>;

  /** The work failed: the connection is closed, and the next waiter does the work. Does nothing if the lock is not held. */
  abandon(): void;

  /** The same as `abandon`. So with `await using`, failed work is never reported as done. */
  [Symbol.asyncDispose](): Promise<void>;
}

export type UnavailableCode = 'CONNECT' | 'WRITE' | 'READ' | 'REMOTE';
export type ErrorCode = UnavailableCode | 'BAD_KEY' | 'BAD_SERVER' | 'CLOSED';

/** The parent of all errors of this package. */
export declare abstract class PoolCounterError extends Error {
  readonly code: ErrorCode;
}

/** There is no answer: do the work unprotected. */
export declare abstract class UnavailableError extends PoolCounterError {
  readonly code: UnavailableCode;
  /** The server, as it was configured. */
  readonly server: string;
  /** The reason, in the words of the system or of the server. */
  readonly cause: string;
}

/** No server could be connected to, or the remaining servers are avoided at the moment. `server` is the last one of the key's order. */
export declare class ConnectError extends UnavailableError {
  readonly code: 'CONNECT';
}

/** The connection broke while the command was sent. */
export declare class WriteError extends UnavailableError {
  readonly code: 'WRITE';
}

/** No valid answer came in time. */
export declare class ReadError extends UnavailableError {
  readonly code: 'READ';
}

/** The server answered with an error, which is the `cause`. */
export declare class RemoteError extends UnavailableError {
  readonly code: 'REMOTE';
}

/** The key cannot be sent. Nothing was sent. */
export declare class BadKeyError extends PoolCounterError {
  readonly code: 'BAD_KEY';
}

/** A text names no server, or the list of servers is empty. */
export declare class BadServerError extends PoolCounterError {
  readonly code: 'BAD_SERVER';
}

/** The pool was closed during the call. */
export declare class ClosedError extends PoolCounterError {
  readonly code: 'CLOSED';
}
