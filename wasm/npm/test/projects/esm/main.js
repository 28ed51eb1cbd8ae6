import { ConnectError, PoolCounter } from 'poolcounter';

const [, , address] = process.argv;
const pool = new PoolCounter({ servers: [address], connectTimeoutMs: 30_000 });
const result = await pool.run('k', { workers: 1, maxqueue: 10, timeoutSeconds: 60 }, async () => 'a page');
console.log(result.outcome, result.value, typeof ConnectError);
