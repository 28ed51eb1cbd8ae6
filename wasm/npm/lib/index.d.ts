/// <reference lib="esnext.disposable" />

declare global {
  /** That of Node or of browsers, where their types are there. */
  interface AbortSignal {
    readonly aborted: boolean;
  }
}

/** Whether others may use the result of the work: `forAnyone` is told `done` when another has finished it, `forMe` waits for the lock and nothing else. */
export type Mode = 'forAnyone' | 'forMe';

/** A server of a ring, by which keys are spread as python-poolcounter does. */
export interface RingServer {
  /** What keys are spread by. */
  label: string;
  /** Where it is: `host`, `host:port`, `[address]:port` or `unix:/path`. */
  server: string;
  /** Its share of the keys, from 0 to 1000. By default 1. */
  weight?: number;
}

/** How a pool behaves. */
export interface Options {
  /**
   * Texts of the form `host`, `host:port`, `[address]:port` or `unix:/path`, to which keys are spread as MediaWiki does: all in an order that depends on the
   * key, the next one if one is away. Or the servers of a ring: one server a key, and no other when that is away.
   */
  servers: readonly string[] | readonly RingServer[];
  /** Milliseconds that a connection may take to be made; at most twice as long to a name with several addresses. By default 100. */
  connectTimeoutMs?: number;
  /** Whether a connection that could not be made is tried a second time, a millisecond later. By default not. */
  connectTwice?: boolean;
  /**
   * The least milliseconds to wait for an answer. A lock waits for 1.5 times its own timeout, if that is more. An answer that is due at once, as with timeout 0, has this
   * time on a connection that has answered before. By default 1000.
   */
  minAnswerTimeoutMs?: number;
  /**
   * Milliseconds that an answer that is due at once may take on a connection that has not answered before, if that is more. A server that many ask at once takes
   * seconds to accept all of them. By default 4000.
   */
  firstAnswerTimeoutMs?: number;
  /**
   * Milliseconds for which a server that refused is tried last, 1000 at the most; and the least milliseconds for which one that gave no answer in time is not asked. That
   * time doubles with each further failure, up to 10000. By default 1000.
   */
  avoidForMs?: number;
  /** A connection that was idle for more milliseconds is not used again. By default 60000. */
  maxIdleTimeMs?: number;
  /** How many idle connections stay open. By default 8. */
  maxIdleConnections?: number;
  /** Whether a release waits for the server's answer. By default not: the lock is free as soon as the command is sent. */
  awaitRelease?: boolean;
}

/** What an acquire asks for. */
export interface Request {
  /** How many may hold the key at once. */
  workers: number;
  /** How many may hold the key or wait for it. */
  maxqueue: number;
  /** How many whole seconds, not milliseconds, the server lets the caller wait for the lock; 0 is not to wait. */
  timeoutSeconds: number;
  /** Who may use the result. By default `forAnyone`. */
  mode?: Mode;
  /**
   * Milliseconds to wait for the answer, if not 1.5 times `timeoutSeconds`. The pool's `minAnswerTimeoutMs` is the least. With `timeoutSeconds` 0 this can only shorten the wait.
   */
  answerTimeoutMs?: number;
  /** Aborts the wait: its connection is closed, the server forgets it, and the promise is rejected with the signal's reason. It does not abort the work. */
  signal?: AbortSignal;
}

/** Another has done the work: read the cache. */
export interface Done {
  readonly outcome: 'done';
}

/** As many as `maxqueue` work on the key or wait for it: serve something stale. */
export interface QueueFull {
  readonly outcome: 'queueFull';
}

/** Nothing came free within `timeoutSeconds`: serve something stale. */
export interface Timeout {
  readonly outcome: 'timeout';
}

/** The connection has too many locks. No server says so to this package, which has a connection for each. */
export interface LockHeld {
  readonly outcome: 'lockHeld';
}

/** The answer when there is no lock. */
export type NotLocked = Done | QueueFull | Timeout | LockHeld;

/** What `acquire` gives. */
export type Acquired = { readonly outcome: 'locked'; readonly lock: Lock } | NotLocked;

/** What `run` gives. */
export type Result<T> = { readonly outcome: 'locked'; readonly value: T } | NotLocked;

/** The statistics of a server: a number where it is one. */
export type Statistics = Record<string, number | string>;

/** Expensive work, of which one of many does it while the others wait. */
export declare class PoolCounter implements AsyncDisposable {
  /**
   * Makes no connection yet.
   *
   * @throws {BadServerError} A text names no server, or there is none.
   * @throws {TypeError} An option has a wrong type, or is unknown.
   * @throws {RangeError} A number is out of its range.
   */
  constructor(options: Options);

  /**
   * Does the work if the lock is granted, and releases the lock then: those who wait are told that the work is done.
   *
   * If the work throws, its connection is closed instead: nobody is told that it is done, and the next one who waits does it. The error is thrown on.
   * If the connection breaks during the work, its value is given all the same; `lock.signal` tells the work.
   *
   * @throws {UnavailableError} No answer came: do the work unprotected. With `awaitRelease` it may come after the work.
   * @throws {BadKeyError} The key cannot be sent.
   * @throws {TypeError} A part of the request has a wrong type, or is unknown.
   * @throws {RangeError} A number is out of its range.
   */
  run<T>(key: string | Uint8Array, request: Request, work: (lock: Lock) => T | PromiseLike<T>): Promise<Result<T>>;

  /**
   * Waits for a lock, which is to be released or abandoned.
   *
   * @throws {UnavailableError} No answer came: do the work unprotected.
   * @throws {BadKeyError} The key cannot be sent.
   * @throws {TypeError} A part of the request has a wrong type, or is unknown.
   * @throws {RangeError} A number is out of its range.
   */
  acquire(key: string | Uint8Array, request: Request): Promise<Acquired>;

  /**
   * Asks one server, named as in the options, or all of them: server => name => value.
   *
   * @param name `FULL`, which is the default, `UPTIME`, or the name of a counter.
   * @throws {UnavailableError} A server gave no answer.
   * @throws {TypeError} The name is no string.
   * @throws {RangeError} The name cannot be sent, or `server` is none of the servers.
   */
  stats(name?: string, server?: string): Promise<Record<string, Statistics>>;

  /** Closes every connection. Locks that are held are abandoned, what waits is rejected with a `ClosedError`. The pool can be used on. */
  close(): Promise<void>;

  /** As `close`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** A lock that is held. One that is forgotten is abandoned when the garbage is collected. */
export declare class Lock implements AsyncDisposable {
  private constructor();

  /** Aborted when the connection breaks: the server has given the lock to the next one by then. */
  readonly signal: AbortSignal;

  /**
   * The work is done: those who wait for it are told so.
   *
   * @returns `notLocked` if the lock was released or abandoned before, or `signal` is aborted, as after `close()` of the pool. The server's word is known with
   * `awaitRelease` only.
   * @throws {UnavailableError} The server gave no answer; with `awaitRelease` only. The lock is gone in any case.
   */
  release(): Promise<'released' | 'notLocked'>;

  /** The work failed: the connection is closed, and the next one who waits does the work. */
  abandon(): void;

  /** As `abandon`; nothing, if the lock was released. So `await using` never says that work is done which has failed. */
  [Symbol.asyncDispose](): Promise<void>;
}

export type UnavailableCode = 'CONNECT' | 'WRITE' | 'READ' | 'REMOTE';
export type ErrorCode = UnavailableCode | 'BAD_KEY' | 'BAD_SERVER' | 'CLOSED';

/** The parent of all. */
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

/** No server could be connected to, or the only ones left are not asked at the moment. `server` is the last of the key's order. */
export declare class ConnectError extends UnavailableError {
  readonly code: 'CONNECT';
}

/** The connection broke while the question was sent. */
export declare class WriteError extends UnavailableError {
  readonly code: 'WRITE';
}

/** The answer did not come, or cannot be understood. */
export declare class ReadError extends UnavailableError {
  readonly code: 'READ';
}

/** The server answered with an error, which is the `cause`. */
export declare class RemoteError extends UnavailableError {
  readonly code: 'REMOTE';
}

/** A key that cannot be sent. Nothing was. */
export declare class BadKeyError extends PoolCounterError {
  readonly code: 'BAD_KEY';
}

/** A text that names no server, or no server at all. */
export declare class BadServerError extends PoolCounterError {
  readonly code: 'BAD_SERVER';
}

/** The pool was closed meanwhile. */
export declare class ClosedError extends PoolCounterError {
  readonly code: 'CLOSED';
}
