// Jobs with their timelines, and what can be done with one by hand.

import { call } from "./api.js";
import { isGoing } from "./clock.js";
import { byId, clockTime, complain, define, duration, isoTime, make, onPress, plural, say, shortStatus, write } from "./elements.js";
import { backByEscape, Rows } from "./rows.js";
import { isShown, onSites, refreshSites, safe, siteCount } from "./sites.js";
import { drawTimeline, isFinal, tone } from "./timeline.js";

const MOST = 5_000; // jobs that the page knows of
const MOST_MESSAGES = 200; // that are shown of a job, the last ones
const AT_ONCE = 4; // of which more is asked at the same time
const DRAWN_EVERY = 500; // ms
const ASKED_EVERY = 3_000; // ms: messages come with time, and nothing tells of them
const STATUSES = [
  "esriJobSubmitted", "esriJobWaiting", "esriJobExecuting", "esriJobSucceeded", "esriJobFailed",
  "esriJobTimedOut", "esriJobCancelling", "esriJobCancelled",
];

const jobs = new Map(); // by site and id: { line, info }
let rows;
let chosen = null;
let isDue = false;
const asked = new Set();
const waiting = [];

const keyOf = (line) => `${line.site}/${line.jobId}`;

export function jobIs(line) {
  const known = jobs.get(keyOf(line));
  const job = known ?? { line, info: null };
  job.line = line;
  if (job.info !== null) Object.assign(job.info, line);
  jobs.set(keyOf(line), job);
  while (jobs.size > MOST) jobs.delete(jobs.keys().next().value);
  if (known === undefined) refreshSites();
  rows.changed(job);
  ask(job);
  soon();
}

export function jobIsGone(site, jobId) {
  jobs.delete(`${site}/${jobId}`);
  refreshSites();
  soon();
}

export function forgetJobs(site = null) {
  for (const [key, job] of jobs) if (site === null || job.line.site === site) jobs.delete(key);
  soon();
}

export async function readJobs() {
  const { jobs: newest } = await call("jobs", { query: { limit: 200 } });
  for (const line of newest.reverse()) jobIs(line);
}

// The clock of a site was moved: what was known of its jobs is old.
export function askAgain(site) {
  for (const job of rows.inSight) if (job.line.site === site) ask(job);
  if (chosen?.line.site === site) ask(chosen);
}

function soon() {
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(() => {
    isDue = false;
    show();
  });
}

function show() {
  const shown = [...jobs.values()].filter((job) => isShown(job.line.site));
  shown.sort((a, b) => b.line.submittedAt - a.line.submittedAt);
  rows.show(shown);
  const going = shown.filter((job) => !isFinal(job.line.status)).length;
  write(byId("jobs-count"), shown.length ? `${jobs.size === MOST ? "the newest " : ""}${plural(shown.length, "job")}, ${going} under way` : "");
  if (chosen !== null && !shown.includes(chosen)) leave();
  else showChosen();
  askForSight();
}

function leave() {
  const hadFocus = byId("job").contains(document.activeElement);
  chosen = null;
  rows.choose(null);
  showChosen();
  if (hadFocus) (byId("jobs-list").hidden ? byId("jobs") : byId("jobs-list")).focus();
}

// More is known of a job than its line says; for those that somebody sees, that is asked.
function ask(job) {
  const key = keyOf(job.line);
  if (asked.has(key) || !(job === chosen || rows.inSight.includes(job))) return;
  asked.add(key);
  waiting.push(job);
  if (asked.size - waiting.length < AT_ONCE) next();
}

async function next() {
  const job = waiting.shift();
  if (job === undefined) return;
  try {
    job.info = await call("job", { site: job.line.site, parts: { job: job.line.jobId } });
    job.line = job.info;
    rows.changed(job);
    if (job === chosen) showChosen();
  } catch {
    // It was deleted meanwhile, which is told by an event.
  }
  asked.delete(keyOf(job.line));
  next();
}

function askForSight() {
  for (const job of rows.inSight) if (job.info === null) ask(job);
}

function fill(element, { line, info }) {
  if (!element.children.length) {
    const place = (name) => make("span", { class: name });
    element.append(place("id"), place("where"), place("status"), place("bar"), place("more"));
  }
  const [id, where, status, bar, more] = element.children;
  write(id, line.jobId);
  write(where, siteCount() > 1 ? `${line.site}: ${line.task}` : line.task);
  write(status, shortStatus(line.status));
  status.className = `status ${tone(line.status)}`;
  if (info !== null) drawTimeline(bar, info, { withTexts: false });
  const count = info === null ? "" : plural(info.messages.length, "message");
  write(more, line.held === null ? count : `held at ${line.held}`);
}

function showChosen() {
  const detail = byId("job");
  detail.hidden = chosen === null || chosen.info === null;
  if (detail.hidden) return;
  const job = chosen.info;
  write(byId("job-id"), job.jobId);
  write(byId("job-line"), [job.task, job.status, job.held === null ? "" : `held at ${job.held}`].filter(Boolean).join(" · "));
  drawTimeline(byId("job-phases"), job, { withTexts: true });
  const isOver = isFinal(job.status);
  byId("job-hold").setAttribute("aria-disabled", isOver || job.held !== null);
  byId("job-release").setAttribute("aria-disabled", isOver || job.held === null);
  byId("job-move").setAttribute("aria-disabled", isOver);
  if (chosen.drawn === job) return;
  chosen.drawn = job;
  const gates = job.gates.map((gate) => (gate.releasedAt === null ? gate.name : `${gate.name} (released)`));
  const url = safe(job.url);
  define(byId("job-facts"), [
    ["Submitted", isoTime(job.submittedAt)],
    ["Ended", job.endedAt === null ? "" : `${isoTime(job.endedAt)}, after ${duration(job.endedAt - job.submittedAt)}`],
    ["Cancelled", job.cancelledAt === null ? "" : isoTime(job.cancelledAt)],
    ["Polls", job.polls],
    ["User", job.user],
    ["Gates", gates.join(", ")],
    ["Progress", job.progress === null ? "" : JSON.stringify(job.progress)],
    ["Resource", url && make("a", { href: url, rel: "noreferrer" }, "as clients see it")],
  ]);
  write(byId("job-message-count"), job.messages.length);
  const left = Math.max(0, job.messages.length - MOST_MESSAGES);
  byId("job-messages-left").hidden = left === 0;
  write(byId("job-messages-left"), `The first ${left.toLocaleString("en")} are not shown.`);
  byId("job-messages").hidden = job.messages.length === 0;
  byId("job-messages").replaceChildren(
    ...job.messages.slice(left).map(({ type, description }) =>
      make("li", {}, make("span", { class: "kind" }, type.replace(/^esriJobMessageType/, "")), " ", description)),
  );
  define(byId("job-inputs"), Object.entries(job.inputs));
  byId("job-inputs").previousElementSibling.hidden = byId("job-inputs").hidden;
}

async function act(name, told, body) {
  const job = chosen;
  const { site, jobId } = job.line;
  const answer = await call(name, { site, parts: { job: jobId }, body });
  if (name === "deleteJob") {
    jobIsGone(site, jobId);
  } else {
    job.info = answer;
    job.line = answer;
    rows.changed(job);
    soon();
  }
  say(told(answer));
}

export function startJobs() {
  rows = new Rows(byId("jobs-list"), {
    kind: "job-line",
    key: (job) => keyOf(job.line),
    fill,
    chosen: (job) => {
      chosen = job;
      showChosen();
      if (job !== null) ask(job);
    },
    enter: () => byId("job").focus(),
    empty: byId("jobs-empty"),
  });
  backByEscape(byId("job"), byId("jobs-list"));
  byId("jobs-list").addEventListener("scroll", () => requestAnimationFrame(askForSight), { passive: true });
  byId("job-status").append(...STATUSES.map((status) => make("option", { value: status }, shortStatus(status))));
  byId("job-status").value = "esriJobSucceeded";
  onPress(byId("job-hold"), () => act("holdJob", (job) => `Job ${job.jobId} is held at ${clockTime(job.now)}.`));
  onPress(byId("job-release"), () => act("releaseJob", (job) => `Job ${job.jobId} is released.`));
  onPress(byId("job-move"), () => act("moveJob", (job) => `Job ${job.jobId} is ${job.status}.`, { status: byId("job-status").value }));
  onPress(byId("job-delete"), () => act("deleteJob", (answer) => `${answer.done}.`));
  onSites(soon);
  setInterval(() => {
    if (document.hidden) return;
    for (const job of rows.inSight) if (job.info !== null && !isFinal(job.line.status)) rows.changed(job);
    if (chosen !== null && !isFinal(chosen.line.status)) showChosen();
    askForSight();
  }, DRAWN_EVERY);
  setInterval(() => {
    if (document.hidden) return;
    for (const job of new Set([...rows.inSight, ...(chosen === null ? [] : [chosen])])) {
      if (!isFinal(job.line.status) && isGoing(job.line.site)) ask(job);
    }
  }, ASKED_EVERY);
  window.addEventListener("unhandledrejection", (event) => complain(event.reason));
}
