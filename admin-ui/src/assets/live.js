// The server says only that something has changed. The page then fetches itself again and swaps what is marked
// `data-live`: there is one way of rendering, and what the address filters stays filtered.
"use strict";
(() => {
  const events = document.currentScript.dataset.events;
  const status = document.getElementById("live-status");
  let source = null;
  let retry = 0;
  let fetching = false;
  let again = false;
  /** By how much this clock runs before the server's, in milliseconds. */
  let ahead = 0;

  function say(text, state) {
    status.hidden = false;
    status.dataset.state = state;
    if (status.textContent !== text) status.textContent = text;
  }

  async function refresh() {
    if (fetching) {
      again = true;
      return;
    }
    fetching = true;
    try {
      // Fetched by itself, a page does not count as somebody at work, or no session would ever be idle.
      const response = await fetch(location.href, { headers: { "x-live": "1" }, signal: AbortSignal.timeout(10_000) });
      if (response.redirected) {
        location.reload();
        return;
      }
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
      swap(new DOMParser().parseFromString(await response.text(), "text/html"));
      compareClocks();
      count();
      say("Live", "live");
    } catch {
      say("Not current, trying again", "stale");
    } finally {
      fetching = false;
    }
    if (again) {
      again = false;
      refresh();
    }
  }

  function swap(fresh) {
    for (const old of document.querySelectorAll("[data-live][id]")) {
      const next = fresh.getElementById(old.id);
      if (!next || old.isEqualNode(next)) continue;
      const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
      old.replaceWith(document.adoptNode(next));
      if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    }
  }

  function connect() {
    disconnect();
    source = new EventSource(events);
    // Also after a break: something may have happened meanwhile.
    source.onopen = refresh;
    source.onmessage = refresh;
    source.onerror = () => {
      say("Not current, trying again", "stale");
      // A refusal ends an EventSource for good; the page learns by fetching itself whether it is signed out.
      if (source.readyState === EventSource.CLOSED) {
        refresh();
        retry = setTimeout(connect, 5_000);
      }
    };
  }

  function disconnect() {
    clearTimeout(retry);
    source?.close();
    source = null;
  }

  // A browser opens six connections to a server: tabs that nobody looks at hold none.
  function follow() {
    if (document.hidden) disconnect();
    else connect();
  }

  // What goes on counts between two fetches, by the server's clock: a call's length, and its coins, paid as a minute
  // begins.
  function clock(seconds) {
    const two = (number) => String(number).padStart(2, "0");
    const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
    return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
  }

  function count() {
    for (const element of document.querySelectorAll("[data-since]")) {
      const { since, rate, every } = element.dataset;
      const seconds = Math.max(0, Math.floor((Date.now() - ahead - Date.parse(since)) / 1000));
      const text = rate ? (Number(rate) * (Math.floor(seconds / Number(every)) + 1)).toLocaleString("en") : clock(seconds);
      if (element.textContent !== text) element.textContent = text;
    }
  }

  function compareClocks() {
    const made = document.querySelector("#as-of time")?.dateTime;
    // The page says whole seconds.
    if (made) ahead = Date.now() - Date.parse(made) - 500;
  }

  compareClocks();
  setInterval(count, 1000);
  document.addEventListener("visibilitychange", follow);
  follow();
})();
