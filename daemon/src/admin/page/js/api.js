/** Questions to the daemon. */

/** No answer takes longer than this while the daemon lives. */
const DEADLINE_MS = 5000;

/** An answer that is an error. */
export class Refusal extends Error {
  /**
   * @param {number} status
   * @param {string} text
   */
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

/**
 * @param {Response} response
 * @returns {Promise<string>} what the daemon says of an error
 */
async function reason(response) {
  const said = await response.json().catch(() => ({}));
  return typeof said.error === 'string' ? said.error : `The answer has status ${response.status}.`;
}

/**
 * Asks the daemon.
 *
 * @param {string} path relative to the page
 * @param {AbortSignal} signal gives the question up
 * @returns {Promise<any>} the answer's JSON
 * @throws {Refusal} for an answer that is an error
 * @throws {Error} without an answer
 */
export async function ask(path, signal) {
  const deadline = new AbortController();
  const giveUp = () => deadline.abort(signal.reason);
  const late = () => deadline.abort(new Error(`There was no answer within ${DEADLINE_MS / 1000} s.`));
  const timer = setTimeout(late, DEADLINE_MS);
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    signal.throwIfAborted();
    const response = await fetch(path, {
      signal: deadline.signal,
      cache: 'no-store',
      headers: { accept: 'application/json' },
    });
    if (!response.ok) {
      throw new Refusal(response.status, await reason(response));
    }
    const answer = await response.json();
    // Nobody wants it any more: what is shown now may be another key.
    signal.throwIfAborted();
    return answer;
  } catch (error) {
    // Browsers differ in what they say of an address where nobody listens.
    throw error instanceof TypeError ? new Error('There is no connection to it.') : error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
  }
}
