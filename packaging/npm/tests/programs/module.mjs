import { ConnectError, PoolCounter } from 'poolcounter';

const pool = new PoolCounter({ servers: [process.argv[2]], connectTimeoutMs: 30_000, minAnswerTimeoutMs: 30_000 });
pool
  .run('k', { workers: 1, maxqueue: 10, timeoutSeconds: 60 }, () => 'a page')
  .then((result) => console.log(result.outcome, result.value, typeof ConnectError))
  .finally(() => pool.close());
