import { ConnectError, PoolCounter, type Request, type Result } from 'poolcounter';

await using pool = new PoolCounter({ servers: [String(process.argv[2])], connectTimeoutMs: 30_000 });
const limits: Request = { workers: 1, maxqueue: 10, timeoutSeconds: 60, mode: 'forAnyone' };

const result: Result<string> = await pool.run('k', limits, async (lock) => (lock.signal.aborted ? 'none' : 'a page'));
// @ts-expect-error The value is there only if the lock was granted.
result.value;
// @ts-expect-error There is no such mode.
const wrong: Request = { ...limits, mode: 'forAll' };
void wrong;
// @ts-expect-error Nothing is called so.
const misspelt: Request = { ...limits, maxQueue: 7 };
void misspelt;

const acquired = await pool.acquire(new Uint8Array([107]), { ...limits, signal: AbortSignal.timeout(60_000) });
switch (acquired.outcome) {
  case 'locked': {
    await using lock = acquired.lock;
    const released: 'released' | 'notLocked' = await lock.release();
    console.log(released);
    break;
  }
  case 'done':
  case 'queueFull':
  case 'timeout':
  case 'lockHeld':
    break;
  default: {
    const nothing: never = acquired;
    throw nothing;
  }
}
try {
  const statistics = await pool.stats('total_acquired');
  console.log(Object.values(statistics)[0]?.['total_acquired']);
} catch (error) {
  if (error instanceof ConnectError) {
    const code: 'CONNECT' = error.code;
    console.log(code, error.server.length, error.cause.length);
  }
}
if (result.outcome === 'locked') {
  console.log(result.outcome, result.value, typeof ConnectError);
}
