// The same classes for both kinds of module, so that `instanceof` holds among them.
import poolcounter from './index.js';

export const {
  PoolCounter,
  Lock,
  PoolCounterError,
  UnavailableError,
  ConnectError,
  WriteError,
  ReadError,
  RemoteError,
  BadKeyError,
  BadServerError,
  ClosedError,
} = poolcounter;
