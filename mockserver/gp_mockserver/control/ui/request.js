// A request in full: what it asked, what was answered, and what it came near to.

import { byId, bytes, define, duration, isoTime, make, write } from "./elements.js";

const LONGEST = 64 * 1024; // characters of a body that are shown

let opened = new Map([["Parameters", true], ["Answer", true]]);
let isIndented = false;

// `line` may be the line of the journal, while the rest is on its way. `problem`: why the rest does not come.
export function showRequest(line, problem = "") {
  write(byId("request-title"), `Request ${line.number}: ${line.method} ${line.operation || line.path}`);
  const facts = make("dl");
  define(facts, [
    ["Near miss", line.nearMiss],
    ["Error", line.error],
    ["Refused as", line.refusal],
    ["Cut short", line.cutShort],
    ["Address", line.url],
    ["Task", line.task],
    ["Job", [line.jobId, line.jobStatus].filter(Boolean).join(", ")],
    ["Status", line.status ?? (line.seconds === null ? "not answered yet" : "none was sent")],
    ["Deviations", line.deviations.join(", ")],
    ["Came", isoTime(line.at)],
    ["Took", line.seconds === null ? "" : `${duration(line.seconds)} of real time`],
    ["Client", line.client],
    ["Site", line.site],
  ]);
  const children = [facts];
  if (Object.keys(line.parameters).length) children.push(part("Parameters", pairs(Object.entries(line.parameters))));
  if (line.requestHeaders !== undefined) {
    children.push(part("Request headers", pairs(line.requestHeaders)));
    if (line.requestBody.size) children.push(part("Request body", ...body(line, line.requestBody)));
    children.push(part("Answer headers", pairs(line.responseHeaders)));
    children.push(part("Answer", ...body(line, line.responseBody)));
  } else {
    children.push(make("p", { class: "hint" }, problem || "The rest is being read."));
  }
  byId("request-body").replaceChildren(...children);
}

function part(name, ...children) {
  const details = make("details", {}, make("summary", {}, name), ...children);
  details.open = opened.get(name) ?? false;
  details.addEventListener("toggle", () => opened.set(name, details.open));
  return details;
}

function pairs(list) {
  const element = make("dl");
  define(element, list.map(([name, value]) => [name, value === "" ? "(empty)" : value]));
  return element;
}

function body(line, { text, base64, size, sha256 }) {
  const shown = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  const pre = make("pre", { tabindex: 0, role: "region", "aria-label": "Body" });
  const about = [bytes(size), base64 ? "no text, in base64" : "", isCut(text, base64, size) ? "its beginning" : "", `SHA-256 ${sha256}`];
  const children = [make("p", { class: "hint wraps" }, about.filter(Boolean).join(" · "))];
  const indented = base64 ? null : indent(text);
  const write = () => {
    pre.textContent = isIndented && indented !== null ? indented : shown;
  };
  if (indented !== null) {
    const button = make("button", { type: "button", "aria-pressed": isIndented }, "Indent");
    button.addEventListener("click", () => {
      isIndented = !isIndented;
      button.setAttribute("aria-pressed", isIndented);
      write();
    });
    children.push(button);
  }
  write();
  if (size) children.push(pre);
  return children;
}

// The whole body stands here unless more bytes came than the journal keeps.
function isCut(text, base64, size) {
  const kept = base64 ? Math.floor((text.length * 3) / 4) : new TextEncoder().encode(text).length;
  return kept < size && size > LONGEST;
}

function indent(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return null;
  }
}
