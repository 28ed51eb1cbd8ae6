// Plays protected sections on request: sections.mjs package|plain ADDRESS.
//
// Each line on standard input, "sections microseconds", is the number of sections to run and the pause before each. The answer is a line of JSON:
// the mean wall and CPU time of a section in microseconds. In the pause, which does not count, Node is busy.

import net from 'node:net';
import readline from 'node:readline';
import { PoolCounter } from '../../wasm/npm/dist/index.mjs';

const KEY = 'wiki:pcache:idhash:3-0!canonical';
const PORT = 7531;

/** The package poolcounter. */
class ByPackage {
  constructor(address) {
    this.pool = new PoolCounter({ servers: [address], connectTimeoutMs: 1000 });
  }

  async section() {
    const { outcome } = await this.pool.run(KEY, { workers: 1, maxqueue: 100, timeoutSeconds: 15 }, () => undefined);
    expect(outcome, 'locked');
  }
}

/** A simple client with one connection, which is kept. It waits for every answer. */
class Plain {
  constructor(address) {
    this.socket = net.connect({ host: address, port: PORT, noDelay: true });
    this.socket.setEncoding('latin1');
    this.answer = '';
    this.socket.on('data', (text) => this.received(text));
    this.socket.on('error', (error) => this.waiter?.reject(error));
  }

  async section() {
    expect(await this.ask(`ACQ4ANY ${KEY.replaceAll(' ', '%20')} 1 100 15\n`), 'LOCKED');
    expect(await this.ask('RELEASE\n'), 'RELEASED');
  }

  ask(command) {
    return new Promise((resolve, reject) => {
      this.waiter = { resolve, reject };
      this.socket.write(command);
    });
  }

  received(text) {
    this.answer += text;
    if (this.answer.endsWith('\n')) {
      const answer = this.answer.trimEnd();
      this.answer = '';
      this.waiter.resolve(answer);
    }
  }
}

function expect(answer, expected) {
  if (answer !== expected) {
    throw new Error(`${answer} is not ${expected}`);
  }
}

/** Is busy for this time, and gives the wall and CPU time that it took. */
function work(microseconds) {
  const spent = stopwatch();
  const end = performance.now() + microseconds / 1000;
  while (performance.now() < end);
  return spent();
}

/** Gives a function that returns the wall and CPU time since now, in microseconds. */
function stopwatch() {
  const [wall, cpu] = [performance.now(), process.cpuUsage()];
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    return { wall: (performance.now() - wall) * 1000, cpu: user + system };
  };
}

/** Gives the mean wall and CPU time of a section: all time except the pauses, because an answer may come after its section. */
async function play(player, sections, pause) {
  const paused = { wall: 0, cpu: 0 };
  const spent = stopwatch();
  for (let i = 0; i < sections; i += 1) {
    if (pause > 0) {
      const { wall, cpu } = work(pause);
      paused.wall += wall;
      paused.cpu += cpu;
    }
    await player.section();
  }
  const { wall, cpu } = spent();
  return { wall: (wall - paused.wall) / sections, cpu: (cpu - paused.cpu) / sections };
}

const [, , kind, address] = process.argv;
const player = kind === 'package' ? new ByPackage(address) : new Plain(address);
console.log('{}');
for await (const line of readline.createInterface({ input: process.stdin })) {
  const [sections, pause] = line.split(' ').map(Number);
  console.log(JSON.stringify(await play(player, sections, pause)));
}
process.exit();
