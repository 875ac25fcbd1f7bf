// The clock of a site: it is told once, and goes on here as it does there.

import { call } from "./api.js";
import { byId, complain, isoTime, onPress, say, write } from "./elements.js";
import { chosenSite, onSites } from "./sites.js";

const SHOWN_EVERY = 200; // ms

const clocks = new Map();

// Seconds since the epoch on a site's clock; null while it is not known.
export function now(site) {
  const clock = clocks.get(site);
  if (clock === undefined) return null;
  return clock.now + (clock.rate ?? 0) * ((performance.now() - clock.heard) / 1000);
}

// Whether time passes there without anybody moving it.
export function isGoing(site) {
  return clocks.get(site)?.rate !== 0;
}

export function clockIs(site, clock) {
  clocks.set(site, { ...clock, heard: performance.now() });
  show();
}

export function forgetClocks() {
  clocks.clear();
}

function show() {
  const site = chosenSite();
  const clock = clocks.get(site);
  byId("clock-controls").disabled = site === null;
  byId("clock-which").hidden = site !== null;
  byId("clock-now").hidden = site === null;
  write(byId("clock-kind"), clock === undefined ? "" : described(clock));
  for (const [id, rate] of [["clock-freeze", 0], ["clock-run", 1], ["clock-fast", 60]]) {
    byId(id).setAttribute("aria-pressed", clock !== undefined && clock.rate === rate);
  }
  tick();
}

function described({ kind, rate }) {
  if (rate === null) return "every wait is over at once";
  if (rate === 0) return "stands still";
  return rate === 1 ? (kind === "real" ? "real time" : "as fast as real time") : `${rate} times as fast as real time`;
}

function tick() {
  const time = now(chosenSite());
  write(byId("clock-now"), time === null ? "–" : `${isoTime(time).slice(0, 21).replace("T", " ")} UTC`);
}

async function move(name, body, told) {
  const site = chosenSite();
  clockIs(site, await call(name, { site, body }));
  say(told);
}

export function startClock() {
  const advance = (seconds, told) => move("advanceClock", { seconds }, `The clock is ${told} on.`);
  onPress(byId("clock-freeze"), () => move("freezeClock", undefined, "The clock stands still."));
  onPress(byId("clock-run"), () => move("runClock", { rate: 1 }, "The clock goes as fast as real time."));
  onPress(byId("clock-fast"), () => move("runClock", { rate: 60 }, "The clock goes 60 times as fast as real time."));
  onPress(byId("clock-1s"), () => advance(1, "1 second"));
  onPress(byId("clock-10s"), () => advance(10, "10 seconds"));
  onPress(byId("clock-1min"), () => advance(60, "1 minute"));
  onPress(byId("clock-1h"), () => advance(3600, "1 hour"));
  byId("clock-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = byId("clock-by").value.trim();
    try {
      await advance(/^[\d.]+$/.test(text) ? Number(text) : text, text);
    } catch (error) {
      complain(error);
    }
  });
  onSites(show);
  setInterval(tick, SHOWN_EVERY);
}
