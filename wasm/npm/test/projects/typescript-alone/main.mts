import { PoolCounter, type Lock, type Request } from 'poolcounter';

const { argv } = (globalThis as unknown as { process: { argv: string[] } }).process;
const pool = new PoolCounter({ servers: [String(argv[2])], connectTimeoutMs: 30_000 });
const limits: Request = { workers: 1, maxqueue: 10, timeoutSeconds: 60 };
const print = (globalThis as unknown as { console: { log(value: unknown): void } }).console.log;

const acquired = await pool.acquire('k', limits);
if (acquired.outcome === 'locked') {
  const lock: Lock = acquired.lock;
  // A lock's signal serves as that of another request.
  const other: Request = { ...limits, signal: lock.signal };
  const aborted: boolean | undefined = other.signal?.aborted;
  print(aborted);
  print(await lock.release());
}
await pool.close();
