'use strict';

const { performance } = require('node:perf_hooks');
const { Action, Engine, Result, moduleMemory } = require('./wasm/poolcounter_wasm.js');
const { atAbort, notAtAbort } = require('./aborts.js');
const { ClosedError } = require('./errors.js');
const { lastFailure } = require('./failures.js');
const { Sockets } = require('./sockets.js');

/** The longest that a timer can be set to; it is set again then. */
const LONGEST_TIMER_MS = 0x7fff_ffff;

/** This package's words for the outcomes. @type {Map<Result, string>} */
const OUTCOMES = new Map([
  [Result.Done, 'done'],
  [Result.QueueFull, 'queueFull'],
  [Result.Timeout, 'timeout'],
  [Result.LockHeld, 'lockHeld'],
  [Result.Released, 'released'],
  [Result.NotLocked, 'notLocked'],
]);

/** The memory of core, as long as it has not grown. */
let view = Buffer.alloc(0);

function coreMemory() {
  if (view.length === 0) {
    view = Buffer.from(/** @type {{ buffer: ArrayBuffer }} */ (moduleMemory()).buffer);
  }
  return view;
}

/**
 * The callbacks of a call. One of the first three is called.
 *
 * @typedef {object} Caller
 * @property {(lock: number) => void} [locked]
 * @property {(answer: any) => void} answered
 * @property {(error: unknown) => void} failed
 * @property {AbortSignal} [signal]
 * @property {() => void} [abort]
 */

/** Drives core's client: reports events of sockets and clock to it, and runs its actions. */
class Driver {
  #engine;
  #sockets;
  /** @type {{ host: string, port: number }[]} */
  #servers;
  /** @type {(Caller | undefined)[]} */
  #calls = [];
  #callsUnderWay = 0;
  /** Callbacks for when the connection of a lock breaks. @type {Map<number, () => void>} */
  #holders = new Map();
  /** The locks whose connection is broken. @type {Set<number>} */
  #lost = new Set();
  /** @type {NodeJS.Timeout | undefined} */
  #timer;
  #timerAt = Infinity;

  /**
   * @param {import('./wasm/poolcounter_wasm.js').Config} config
   * @param {number} servers
   */
  constructor(config, servers) {
    const engine = new Engine(config);
    this.#servers = Array.from({ length: servers }, (_, index) => ({
      host: engine.host(index),
      port: engine.port(index),
    }));
    const inbox = engine.inbox();
    this.#engine = engine;
    this.#sockets = new Sockets({
      connected: (socket) => {
        engine.connected(socket, performance.now());
        this.#runActions();
      },
      received: (socket, buffer, length) => {
        const memory = coreMemory();
        // A few bytes are copied sooner than a call is made for it.
        for (let index = 0; index < length; index += 1) {
          memory[inbox + index] = /** @type {number} */ (buffer[index]);
        }
        engine.received(socket, length, performance.now());
        this.#runActions();
      },
      closed: (socket) => {
        engine.closed(socket, performance.now());
        this.#runActions();
      },
      broken: (socket, cause) => {
        engine.broken(socket, cause, performance.now());
        this.#runActions();
      },
      asked: (socket, acknowledged) => {
        engine.asked(socket, Number(acknowledged ?? -1), performance.now());
        this.#runActions();
      },
    });
  }

  /**
   * @param {Uint8Array} key
   * @param {import('./request.js').CheckedRequest} request
   * @param {Caller} caller
   */
  acquire(key, request, caller) {
    const { forMe, workers, maxqueue, timeoutSeconds, answerTimeoutMs } = request;
    const now = performance.now();
    this.#begun(this.#engine.acquire(key, forMe, workers, maxqueue, timeoutSeconds, answerTimeoutMs, now), caller);
  }

  /** Answers without asking the server if the lock is known to be lost. @param {number} lock @param {Caller} caller */
  release(lock, caller) {
    if (this.#lost.has(lock)) {
      this.abandon(lock);
      caller.answered('notLocked');
      return;
    }
    this.#forgetHolder(lock);
    this.#begun(this.#engine.release(lock, performance.now()), caller);
  }

  /** The connection is closed at once, even if the program is busy: the server sends nothing to a holder, and the next waiter should get the lock. @param {number} lock */
  abandon(lock) {
    this.#forgetHolder(lock);
    this.#engine.abandon(lock, performance.now());
    this.#runActions((socket) => this.#sockets.closeNow(socket));
  }

  /**
   * @param {number} server
   * @param {string} name
   * @param {Caller} caller
   */
  statistics(server, name, caller) {
    this.#begun(this.#engine.statistics(server, name, performance.now()), caller);
  }

  /**
   * Calls back when the connection of a lock breaks.
   *
   * @param {number} lock
   * @param {() => void} lost
   */
  onLockLost(lock, lost) {
    this.#holders.set(lock, lost);
    if (this.#lost.has(lock)) {
      lost();
    }
  }

  /** Closes every connection; fulfilled when the system has all that was sent, and the end of each. */
  async close() {
    this.#calls.forEach((caller, call) => caller && this.#cancel(call, new ClosedError('the pool was closed')));
    this.#engine.close(performance.now());
    this.#runActions();
    await this.#sockets.handedOver();
  }

  /**
   * @param {number} call
   * @param {Caller} caller
   */
  #begun(call, caller) {
    if (call < 0) {
      caller.failed(lastFailure(this.#engine));
      return;
    }
    this.#calls[call] = caller;
    this.#callsUnderWay += 1;
    if (caller.signal) {
      const { signal } = caller;
      caller.abort = () => this.#cancel(call, signal.reason);
      atAbort(signal, caller.abort);
    }
    this.#runActions();
  }

  /**
   * @param {number} call
   * @param {unknown} reason
   */
  #cancel(call, reason) {
    const caller = this.#forget(call);
    this.#engine.cancel(call, performance.now());
    caller?.failed(reason);
    this.#runActions();
  }

  /**
   * @param {number} call
   * @returns {Caller | undefined}
   */
  #forget(call) {
    const caller = this.#calls[call];
    this.#calls[call] = undefined;
    this.#callsUnderWay -= 1;
    if (caller?.signal && caller.abort) {
      notAtAbort(caller.signal, caller.abort);
    }
    return caller;
  }

  /** @param {number} lock */
  #forgetHolder(lock) {
    this.#holders.delete(lock);
    this.#lost.delete(lock);
  }

  /** Runs core's actions; to be called after every event. */
  #runActions(close = (/** @type {number} */ socket) => this.#sockets.close(socket)) {
    const engine = this.#engine;
    /** @type {(() => void)[]} */
    const holders = [];
    for (;;) {
      const step = engine.poll();
      const subject = step >>> 3;
      switch (step & 7) {
        case Action.None:
          this.#setTimer();
          // They may use this pool.
          holders.forEach((lost) => lost());
          return;
        case Action.LookUp:
          void this.#lookUp(subject);
          break;
        case Action.Connect:
          this.#connect(subject, engine.server(), engine.address());
          break;
        case Action.Send:
          this.#send(subject);
          break;
        case Action.Close:
          close(subject);
          break;
        case Action.Finish:
          this.#finish(subject);
          break;
        case Action.LockLost:
          this.#lockLost(engine.lock(), holders);
          break;
        case Action.CheckAcknowledged:
          void this.#sockets.ask(subject);
          break;
      }
    }
  }

  /** @param {number} socket @param {number} server @param {string} address Empty for a Unix socket. */
  #connect(socket, server, address) {
    const { host, port } = this.#server(server);
    this.#sockets.connect(socket, address === '' ? host : address, port);
  }

  /** Calls that need the name go on by themselves, those of other pools too. @param {number} server */
  async #lookUp(server) {
    const engine = this.#engine;
    try {
      const addresses = await this.#sockets.lookUp(this.#server(server).host);
      engine.found(server, addresses.join(','), performance.now());
    } catch (error) {
      engine.notFound(server, /** @type {Error} */ (error).message, performance.now());
    }
    this.#runActions();
  }

  /** @param {number} index @returns {{ host: string, port: number }} */
  #server(index) {
    return /** @type {{ host: string, port: number }} */ (this.#servers[index]);
  }

  /** @param {number} lock @param {(() => void)[]} holders Collects the callback. */
  #lockLost(lock, holders) {
    const holder = this.#holders.get(lock);
    this.#lost.add(lock);
    if (holder) {
      holders.push(holder);
    }
  }

  /** Sockets take text faster than bytes, here with a character for each. @param {number} socket */
  #send(socket) {
    const start = this.#engine.bytes();
    this.#sockets.send(socket, coreMemory().toString('latin1', start, start + this.#engine.bytesLength()));
  }

  /** @param {number} call */
  #finish(call) {
    const engine = this.#engine;
    const caller = this.#forget(call);
    if (!caller) {
      return;
    }
    const result = engine.result();
    const outcome = OUTCOMES.get(result);
    if (result === Result.Locked) {
      caller.locked?.(engine.lock());
    } else if (result === Result.Statistics) {
      caller.answered(engine.text());
    } else if (outcome) {
      caller.answered(outcome);
    } else {
      caller.failed(lastFailure(engine));
    }
  }

  /** A timer that is set too early is left alone: most calls end long before their deadlines. It keeps the process alive while a call is under way. */
  #setTimer() {
    const wakeup = this.#engine.wakeup();
    if (wakeup < this.#timerAt) {
      clearTimeout(this.#timer);
      const wait = Math.min(Math.max(wakeup - performance.now(), 0) + 1, LONGEST_TIMER_MS);
      this.#timer = setTimeout(() => this.#timeIsOver(), wait);
      this.#timerAt = wakeup;
    }
    if (this.#callsUnderWay > 0) {
      this.#timer?.ref();
    } else {
      this.#timer?.unref();
    }
  }

  #timeIsOver() {
    // If the program was busy, what has come meanwhile is read before this.
    setImmediate(() => {
      this.#timerAt = Infinity;
      this.#engine.tick(performance.now());
      this.#runActions();
    });
  }
}

module.exports = { Driver };
