// Keeps the control tower up to date: the staff socket says when something changed, a slow poll is the net under it.
(() => {
  "use strict";
  const POLL_MS = 5000;
  const LIVE_POLL_MS = 15000;
  const AGAIN_MS = 4000;
  const tower = document.getElementById("tower");
  const mark = document.getElementById("tower-live");
  if (!tower || !mark) return;

  const states = {
    live: ["c-success", "bolt", "live"],
    polling: ["c-info", "sync", "every 5 seconds"],
    away: ["c-danger", "cloud_off", "no answer, trying again"],
  };
  let state = "";
  let isLive = false;
  let timer = 0;
  let isFetching = false;

  const show = (name) => {
    if (name === state) return;
    state = name;
    const [tone, icon, word] = states[name];
    mark.className = `c-badge ${tone}`;
    mark.querySelector(".c-icon").textContent = icon;
    mark.querySelector("span:last-child").textContent = word;
  };

  const plan = () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(refresh, isLive ? LIVE_POLL_MS : POLL_MS);
  };

  const refresh = async () => {
    if (isFetching || document.hidden) return plan();
    isFetching = true;
    try {
      const answer = await fetch(tower.dataset.url, { credentials: "same-origin", redirect: "manual" });
      if (answer.type === "opaqueredirect") return window.location.reload();
      if (!answer.ok) throw new Error(String(answer.status));
      const focused = tower.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
      tower.innerHTML = await answer.text();
      if (focused) tower.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
      show(isLive ? "live" : "polling");
    } catch {
      show("away");
    } finally {
      isFetching = false;
      plan();
    }
    return undefined;
  };

  const listen = () => {
    let socket;
    try {
      socket = new WebSocket(tower.dataset.live, ["diboas.v1"]);
    } catch {
      return;
    }
    socket.onmessage = (message) => {
      const frame = JSON.parse(message.data);
      isLive = true;
      if (frame.type === "event") refresh();
      else if (state !== "away") show("live");
    };
    socket.onclose = (end) => {
      isLive = false;
      if (state === "live") show("polling");
      plan();
      // 44xx: the door is shut for this session; the poll will find out what to do.
      if (end.code < 4400 || end.code > 4499) window.setTimeout(listen, AGAIN_MS);
    };
  };

  document.addEventListener("visibilitychange", () => document.hidden || refresh());
  show("polling");
  plan();
  listen();
})();
