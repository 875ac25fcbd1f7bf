// The control API: each call that the page makes has its line in CALLS.

import { byId } from "./elements.js";

export const CALLS = {
  index: ["GET", ""],
  sites: ["GET", "sites"],
  siteOfServer: ["GET", "sites/{context}"],
  ownSite: ["GET", "site"],
  reset: ["POST", "reset"],
  jobs: ["GET", "jobs"],
  job: ["GET", "jobs/{job}"],
  deleteJob: ["DELETE", "jobs/{job}"],
  holdJob: ["POST", "jobs/{job}/hold"],
  releaseJob: ["POST", "jobs/{job}/release"],
  moveJob: ["POST", "jobs/{job}/move"],
  freezeClock: ["POST", "clock/freeze"],
  runClock: ["POST", "clock/run"],
  advanceClock: ["POST", "clock/advance"],
  requests: ["GET", "requests"],
  request: ["GET", "requests/{number}"],
  har: ["GET", "requests/har"],
  clearRequests: ["DELETE", "requests"],
  deviations: ["GET", "deviations"],
  inject: ["POST", "deviations"],
  clearDeviation: ["DELETE", "deviations/{id}"],
  clearDeviations: ["DELETE", "deviations"],
  events: ["GET", "events"],
};

// `/__admin/` or `/<context>/__admin/`: the page itself is `ui` in there.
const BASE = new URL(location.pathname.replace(/ui\/*$/, ""), location.origin);
let token = null;
let asking = null;

export const page = { isOfServer: true };

export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

// Make a call of CALLS: `site` is a context, `parts` what the address names, `query` and `body` what goes along.
// Resolves to the JSON of the answer; throws Refused.
export async function call(name, options = {}) {
  const answer = await open(name, options);
  return answer.json();
}

// As `call`; resolves to the answer itself, whose body is still to be read.
export async function open(name, { site = null, parts = {}, query = {}, body = undefined, signal = undefined } = {}) {
  const [method, pattern] = CALLS[name];
  const path = pattern.replace(/\{(\w+)\}/g, (_, part) => encodeURIComponent(parts[part]));
  const place = site !== null && page.isOfServer ? `sites/${encodeURIComponent(site)}/${path}` : path;
  const address = new URL(place, BASE);
  address.search = new URLSearchParams(query);
  for (;;) {
    const sent = token;
    const headers = sent === null ? {} : { Authorization: `Bearer ${sent}` };
    if (method !== "GET") headers["Content-Type"] = "application/json";
    const text = body === undefined ? undefined : JSON.stringify(body);
    let answer;
    try {
      answer = await fetch(address, { method, headers, body: text, signal, cache: "no-store" });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Refused(0, "The server does not answer.");
    }
    if (answer.ok) return answer;
    if (answer.status !== 401) throw await refusal(answer);
    if (token === sent) await askForToken(sent !== null);
  }
}

async function refusal(answer) {
  try {
    const { error } = await answer.json();
    const { message, remedy } = error;
    return new Refused(answer.status, remedy && !message.includes(remedy) ? `${message}: ${remedy}` : message);
  } catch {
    return new Refused(answer.status, `The server answers ${answer.status}.`);
  }
}

// However many calls need the token, people are asked once.
function askForToken(wasWrong) {
  asking ??= new Promise((resolve) => {
    const dialog = byId("token-dialog");
    const field = byId("token");
    byId("token-wrong").hidden = !wasWrong;
    field.value = "";
    const closed = () => {
      if (!field.value.trim()) {
        dialog.showModal();
        return;
      }
      dialog.removeEventListener("close", closed);
      token = field.value.trim();
      field.value = "";
      asking = null;
      resolve();
    };
    dialog.addEventListener("close", closed);
    dialog.showModal();
    field.focus();
  });
  return asking;
}
