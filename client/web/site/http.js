// The way to the server, for Python's worker: one request, one whole answer.

// The browser has decoded the body by then: these two would describe bytes that are gone.
const STALE_HEADERS = new Set(["content-encoding", "content-length"]);

/** Return what counts the time without news: *signal* aborts when there was none for too long. */
function patience(silenceMs) {
  const controller = new AbortController();
  const giveUp = () => controller.abort(new DOMException("", "TimeoutError"));
  let timer = setTimeout(giveUp, silenceMs);
  return {
    signal: controller.signal,
    /** Something came: wait as long again for the next. */
    renew() {
      clearTimeout(timer);
      timer = setTimeout(giveUp, silenceMs);
    },
    end: () => clearTimeout(timer),
  };
}

/** Return the body of *response*, calling *onPart* with every part of it that arrives. */
async function wholeBody(response, onPart) {
  const parts = [];
  let length = 0;
  if (response.body) {
    for (const reader = response.body.getReader(); ;) {
      const { done, value } = await reader.read();
      if (done) break;
      onPart();
      parts.push(value);
      length += value.length;
    }
  }
  const body = new Uint8Array(length);
  let start = 0;
  for (const part of parts) {
    body.set(part, start);
    start += part.length;
  }
  return body;
}

/**
 * Send a request; return {status, headers, body}, or undefined when no whole answer came.
 *
 * It is given up after *silenceMs* in which nothing came: an answer that arrives slowly is not cut
 * off. What goes up can't be watched, so the first sign must come within the same time.
 */
export async function send(method, path, body, headers, silenceMs) {
  const waiting = patience(silenceMs);
  try {
    const response = await fetch(path, {
      method,
      body: method === "POST" ? body : undefined,
      headers,
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      signal: waiting.signal,
    });
    waiting.renew();
    return {
      status: response.status,
      headers: [...response.headers].filter(([name]) => !STALE_HEADERS.has(name)),
      body: await wholeBody(response, waiting.renew),
    };
  } catch (error) {
    console.info(`No answer to ${method}: ${error.name}`); // A file's path names what it hangs on.
    return undefined;
  } finally {
    waiting.end();
  }
}
