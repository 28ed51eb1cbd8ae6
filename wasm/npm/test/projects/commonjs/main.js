const { ConnectError, PoolCounter } = require('poolcounter');

const [, , address] = process.argv;
const pool = new PoolCounter({ servers: [address], connectTimeoutMs: 30_000 });
pool
  .run('k', { workers: 1, maxqueue: 10, timeoutSeconds: 60 }, () => 'a page')
  .then((result) => console.log(result.outcome, result.value, typeof ConnectError));
