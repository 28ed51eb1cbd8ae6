import { PoolCounter } from 'poolcounter';

const pool: PoolCounter = new PoolCounter({ servers: [{ label: 'pc1', server: String(process.argv[2]) }] });
console.log(typeof pool.run);
