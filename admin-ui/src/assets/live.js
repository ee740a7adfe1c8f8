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

  document.addEventListener("visibilitychange", follow);
  follow();
})();
