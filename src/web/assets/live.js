// The line to the daemon: whole figures with each message, so nothing is lost by a line that was
// cut. Says how old the figures are, whether the line is silent or the daemon itself has stalled.

// Looked at twice a second, so that 15 s are said at 15 s and not after.
const LOOK_MS = 500;
export const STALE_MS = 15000 - LOOK_MS; // from here on the age is said
export const BLANK_MS = 60000 - LOOK_MS; // from here on there are no figures
const RECONNECT_MS = 5000; // how often a silent line is tried anew, and the figures asked for

/// Calls `show` with each state of the figures and `age` twice a second with their age in ms.
export function listen(address, show, age) {
  // When the newest figures were true, by a clock that nobody can set.
  let trueAt = performance.now();
  let stream = null;

  const take = (text, oldMs) => {
    trueAt = performance.now() - oldMs;
    show(JSON.parse(text));
    tell();
  };
  const tell = () => age(performance.now() - trueAt);
  const connect = () => {
    stream?.close();
    stream = new EventSource(address);
    stream.addEventListener("message", (message) => take(message.data, 0));
    stream.addEventListener("beat", (message) => {
      trueAt = performance.now() - JSON.parse(message.data).age_ms;
      tell();
    });
  };
  const look = async () => {
    if (performance.now() - trueAt > STALE_MS) {
      if (stream.readyState !== EventSource.CONNECTING) connect();
      try {
        const signal = AbortSignal.timeout(RECONNECT_MS);
        const answer = await fetch(address, { headers: { accept: "application/json" }, cache: "no-store", signal });
        if (answer.ok) take(await answer.text(), Number(answer.headers.get("age") ?? 0) * 1000);
      } catch {
        // The age of the figures says it.
      }
    }
    setTimeout(look, RECONNECT_MS);
  };
  connect();
  look();
  setInterval(tell, LOOK_MS);
}
