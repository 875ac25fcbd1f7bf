// The journal as it grows: a line per request.

import { call, open } from "./api.js";
import { byId, bytes, clockTime, make, onPress, plural, say, shortStatus, write } from "./elements.js";
import { showRequest } from "./request.js";
import { backByEscape, Rows } from "./rows.js";
import { chosenSite, infoOf, isShown, onSites, refreshSites, siteCount } from "./sites.js";

const MOST = 5_000; // requests that the page keeps, of all sites together
const PAUSE = 120; // ms before the details of a line are asked for: arrow keys run over many

const requests = new Map(); // by site and number, in the order in which they came
const parts = ["number", "time", "method", "operation", "place", "code", "job-status", "size", "deviations"];
const heads = ["No.", "Time (UTC)", "Method", "Operation", "Task or path", "Status", "Job", "Size", "Deviations"];
let rows;
let isDue = false;
let asking = 0;
let chosen = null;

const keyOf = (line) => `${line.site}/${line.number}`;

// A request, or more that is known of one.
export function requestIs(line) {
  const key = keyOf(line);
  const known = requests.get(key);
  if (known === undefined) {
    requests.set(key, { line, words: wordsOf(line) });
    while (requests.size > MOST) requests.delete(requests.keys().next().value);
    refreshSites();
  } else {
    known.line = line;
    known.words = wordsOf(line);
    rows.changed(known);
    if (known === chosen) ask();
  }
  soon();
}

export function forgetRequests(site = null) {
  for (const [key, request] of requests) if (site === null || request.line.site === site) requests.delete(key);
  soon();
}

export async function readRequests(site = null) {
  const { requests: last } = await call("requests", { site, query: { limit: 1000 } });
  for (const line of last) requestIs(line);
}

// Somebody else has cleared a site's journal: then it has fewer requests than are shown here.
function notice() {
  const counts = new Map();
  for (const { line } of requests.values()) counts.set(line.site, (counts.get(line.site) ?? 0) + 1);
  for (const [site, count] of counts) {
    const info = infoOf(site);
    if (info !== undefined && info.requests === 0 && count > 1) forgetRequests(site);
  }
}

function wordsOf(line) {
  const params = Object.entries(line.parameters).map(([name, value]) => `${name}=${value}`);
  return [
    line.site, line.number, line.method, line.operation, line.task, line.url, line.status, line.jobId, line.jobStatus,
    line.refusal, line.nearMiss, line.error, line.cutShort, ...line.deviations, ...params,
  ].join(" ").toLowerCase();
}

const KINDS = {
  "": () => true,
  wrong: (line) => line.status >= 400 || Boolean(line.refusal || line.error || line.cutShort),
  deviating: (line) => line.deviations.length > 0,
  unexpected: (line) => line.unexpected,
  waiting: (line) => line.seconds === null,
};

function soon() {
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(() => {
    isDue = false;
    show();
  });
}

function show() {
  const words = byId("journal-filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = KINDS[byId("journal-kind").value];
  const ofSites = [...requests.values()].filter(({ line }) => isShown(line.site));
  const shown = ofSites.filter((each) => fits(each.line) && words.every((word) => each.words.includes(word)));
  byId("journal-head").hidden = !shown.length;
  rows.show(shown, ofSites.length ? "No request fits the filter." : "No requests yet.");
  const all = plural(ofSites.length, "request");
  write(byId("journal-count"), shown.length === ofSites.length ? (shown.length ? all : "") : `${shown.length.toLocaleString("en")} of ${all}`);
  if (chosen !== null && !ofSites.includes(chosen)) rows.choose(null);
}

function fill(element, { line }) {
  if (!element.children.length) {
    element.append(...parts.map((name) => make("span", { class: name })));
  }
  const place = line.task || line.service || line.path;
  const isBad = KINDS.wrong(line);
  const texts = [
    line.number,
    clockTime(line.at),
    line.method,
    line.operation || (line.unexpected ? "nowhere" : ""),
    siteCount() > 1 && chosenSite() === null ? `${line.site}: ${place}` : place,
    code(line),
    shortStatus(line.jobStatus) || line.refusal,
    line.seconds === null ? "" : bytes(line.responseSize),
    line.deviations.join(", "),
  ];
  texts.forEach((text, i) => {
    write(element.children[i], text);
    element.children[i].title = i >= 4 ? text : "";
  });
  element.classList.toggle("bad", isBad);
  element.classList.toggle("deviating", line.deviations.length > 0);
}

// What came of it, in short.
export function code(line) {
  if (line.status !== null) return line.cutShort ? `${line.status}, cut` : String(line.status);
  return line.seconds === null ? "…" : "none";
}

async function ask() {
  const request = chosen;
  const turn = (asking += 1);
  byId("request").hidden = request === null;
  if (request === null) return;
  showRequest(request.line);
  await new Promise((resolve) => setTimeout(resolve, PAUSE));
  if (turn !== asking) return;
  const { site, number } = request.line;
  try {
    const whole = await call("request", { site, parts: { number } });
    if (turn === asking) showRequest(whole);
  } catch (error) {
    if (turn === asking) showRequest(request.line, error.message);
  }
}

async function save() {
  const site = chosenSite();
  const answer = await open("har", { site });
  const address = URL.createObjectURL(await answer.blob());
  make("a", { href: address, download: `${site ?? "gpharness"}.har` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
  say("The journal is saved as HAR 1.2.");
}

async function clear() {
  const site = chosenSite();
  const { cleared } = await call("clearRequests", site === null ? { query: { all: true } } : { site });
  forgetRequests(site);
  refreshSites();
  say(`${plural(cleared, "request")} forgotten.`);
}

export function startJournal() {
  rows = new Rows(byId("journal-list"), {
    kind: "journal-line",
    key: (request) => keyOf(request.line),
    fill,
    chosen: (request) => {
      chosen = request;
      ask();
    },
    enter: () => byId("request").focus(),
    empty: byId("journal-empty"),
    follows: () => byId("journal-follow").checked,
  });
  byId("journal-head").append(...heads.map((text, i) => make("span", { class: parts[i] }, text)));
  backByEscape(byId("request"), byId("journal-list"));
  byId("journal-filter").addEventListener("input", soon);
  byId("journal-kind").addEventListener("change", soon);
  byId("journal-follow").addEventListener("change", () => {
    if (byId("journal-follow").checked) rows.toEnd();
  });
  onPress(byId("journal-har"), save);
  onPress(byId("journal-clear"), clear);
  onSites(() => {
    notice();
    soon();
  });
}
