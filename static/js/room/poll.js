const EVERY = 5_000;

/**
 * Sockets are blocked: ask the page every few seconds. It tells the server that this person is
 * still here, and the server's redirect tells where they belong now: let in, sent back, over.
 * Video needs sockets; chat then goes by the form (`look` fetches what others wrote).
 *
 * @returns {() => void} stops asking
 */
export function pollPlace(look) {
  const ask = async () => {
    try {
      const here = location.pathname;
      const answer = await fetch(here, { headers: { Accept: "text/html" } });
      if (answer.redirected && new URL(answer.url).pathname !== here) location.assign(answer.url);
      else await look();
    } catch {
      // Offline for a moment: the next look may work.
    }
  };
  const timer = setInterval(ask, EVERY);
  ask();
  return () => clearInterval(timer);
}
