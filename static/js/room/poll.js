const EVERY = 5_000;

/**
 * Sockets are blocked: ask the page every few seconds whether this person was let in, and let the
 * server's redirect decide. Video needs sockets; chat then goes by the form.
 */
export function pollPlace(waitUrl, roomUrl) {
  const look = async () => {
    try {
      const answer = await fetch(waitUrl, { headers: { Accept: "text/html" } });
      if (answer.redirected && new URL(answer.url).pathname === roomUrl) location.assign(roomUrl);
    } catch {
      // Offline for a moment: the next look may work.
    }
  };
  return setInterval(look, EVERY);
}
