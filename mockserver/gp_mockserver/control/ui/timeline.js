// A job's timeline: its phases one after the other, and where it stands.

import { now } from "./clock.js";
import { duration, make, shortStatus } from "./elements.js";

const GOOD = ["esriJobSucceeded"];
const BAD = ["esriJobFailed", "esriJobTimedOut", "expectedFailure"];
const OVER = [...GOOD, ...BAD, "esriJobCancelled"];
const UNKNOWN = 1.6; // how wide a phase is whose length nobody knows

export function isFinal(status) {
  return OVER.includes(status);
}

// How a status is coloured; it is written out beside that.
export function tone(status) {
  if (GOOD.includes(status)) return "good";
  if (BAD.includes(status)) return "bad";
  return OVER.includes(status) ? "over" : "under-way";
}

// The phases with the ending as the last: what each is called, how wide it is, and how far the job is in it.
export function steps(job) {
  const time = now(job.site) ?? job.now;
  const isOver = isFinal(job.status);
  const here = isOver ? job.phases.length : placeAt(job, time);
  const list = job.phases.map((phase, i) => ({
    status: phase.status,
    said: said(phase),
    width: width(phase),
    isHere: i === here,
    done: i < here ? wasReached(phase, job) : i === here ? part(phase, time, job.held) : 0,
  }));
  const status = isOver ? job.status : job.ending;
  list.push({ status: status ?? "", said: status === null ? "never ends" : "", width: 0.6, isHere: isOver, done: isOver ? 1 : 0, isEnd: true });
  return list;
}

function placeAt(job, time) {
  let place = Math.min(job.phase, job.phases.length - 1);
  while (place + 1 < job.phases.length && job.phases[place].ends !== null && job.phases[place].ends <= time) place += 1;
  return place;
}

// A job that ended early never came to its later phases.
function wasReached(phase, job) {
  const end = job.endedAt ?? job.cancelledAt;
  return phase.begins !== null && (end === null || phase.begins <= end) ? 1 : 0;
}

function length({ begins, ends, seconds }) {
  if (begins !== null && ends !== null) return ends - begins;
  return seconds;
}

function width(phase) {
  const seconds = length(phase);
  return seconds === null ? UNKNOWN : 1 + Math.log10(1 + Math.max(0, seconds));
}

function part(phase, time, held) {
  const seconds = length(phase);
  if (phase.begins === null || !seconds || held !== null) return 0.5;
  return Math.min(1, Math.max(0, (time - phase.begins) / seconds));
}

function said(phase) {
  if (phase.hold !== null) return `until gate ${phase.hold} opens`;
  if (phase.polls !== null) return phase.polls === 1 ? "1 poll" : `${phase.polls} polls`;
  return duration(length(phase));
}

// Write the steps into an element, which keeps its children for as long as there are as many steps.
export function drawTimeline(element, job, { withTexts }) {
  const list = steps(job);
  if (element.children.length !== list.length) {
    element.replaceChildren(...list.map(() => make(withTexts ? "li" : "span", {}, make("span", { class: "fill" }))));
  }
  list.forEach((step, i) => {
    const child = element.children[i];
    const kind = step.isEnd ? `end ${step.isHere ? tone(job.status) : ""}` : "";
    child.className = `step ${kind} ${step.isHere ? "here" : ""} ${step.isHere && job.held !== null ? "held" : ""}`;
    child.style.flexGrow = step.width;
    child.firstElementChild.style.width = `${step.done * 100}%`;
    if (!withTexts) return;
    const text = [shortStatus(step.status), step.said].filter(Boolean).join(", ");
    if (child.children.length === 1) child.append(make("span", { class: "label" }));
    child.lastElementChild.textContent = text;
    if (step.isHere) child.setAttribute("aria-current", "step");
    else child.removeAttribute("aria-current");
  });
}
