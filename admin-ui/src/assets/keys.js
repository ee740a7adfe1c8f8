// Single keys for what the page offers anyway: an element that names a key by `data-key` is clicked by it, and a
// player starts or stops. Nothing happens while somebody writes, or with Ctrl, Alt or Meta held.
"use strict";
(() => {
  const writes = (element) => element.closest("input, textarea, select, [contenteditable]");

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || writes(event.target)) return;
    // A focused button or link keeps its own keys.
    if ((event.key === " " || event.key === "Enter") && event.target.closest("button, a, summary, audio")) return;
    const key = event.key === " " ? "space" : event.key.toLowerCase();
    const element = [...document.querySelectorAll("[data-key]")].find((element) => element.dataset.key === key && element.checkVisibility());
    if (!element) return;
    event.preventDefault();
    if (!(element instanceof HTMLMediaElement)) element.click();
    // A player that cannot play says so by itself.
    else if (element.paused) element.play().catch(() => {});
    else element.pause();
  });
})();
