// Which sites there are, and which of them the page is about.

import { call, page } from "./api.js";
import { byId, complain, make, plural, write } from "./elements.js";

const MOST_ROWS = 50;
const EVERY = 2_000; // ms between two reads of what sites have

const listeners = [];
let contexts = [];
let infos = new Map();
let wanted = null;
let reading = null;
let isStale = false;

// The site that the page is about: null where it is about several.
export function chosenSite() {
  if (contexts.length === 1) return contexts[0];
  return contexts.includes(wanted) ? wanted : null;
}

export function siteCount() {
  return contexts.length;
}

export function infoOf(context) {
  return infos.get(context);
}

// Whether what belongs to a site is to be shown.
export function isShown(context) {
  const site = chosenSite();
  return site === null || site === context;
}

// `react()` is called when another site is chosen, when sites come or go, and when more is known of them.
export function onSites(react) {
  listeners.push(react);
}

export function sitesAre(names) {
  contexts = names;
  for (const context of [...infos.keys()]) if (!contexts.includes(context)) infos.delete(context);
  showChoice();
  showRows();
  tellAll();
  refreshSites();
}

// Something has happened that changes what sites have: read it, but not too often.
export function refreshSites() {
  isStale = true;
  reading ??= read().finally(() => {
    reading = null;
    if (isStale) refreshSites();
  });
}

async function read() {
  isStale = false;
  try {
    for (const info of await ask()) infos.set(info.context, info);
    showRows();
    tellAll();
  } catch {
    // The events say so if the server is gone; they bring what there is when it is back.
  }
  await new Promise((resolve) => setTimeout(resolve, EVERY));
}

async function ask() {
  if (!page.isOfServer) return [await call("ownSite")];
  if (contexts.length <= MOST_ROWS) return (await call("sites")).sites;
  const site = chosenSite();
  return site === null ? [] : [await call("siteOfServer", { parts: { context: site } })];
}

function tellAll() {
  for (const react of listeners) react();
}

function showChoice() {
  const select = byId("site-choice");
  const names = contexts.length === 1 ? contexts : ["", ...contexts];
  const present = [...select.options].map((option) => option.value);
  if (present.length !== names.length || present.some((name, i) => name !== names[i])) {
    select.replaceChildren(
      ...names.map((name) => make("option", { value: name }, name || (contexts.length ? "all sites" : "none"))),
    );
  }
  if (names[0] === "" && contexts.length) select.options[0].textContent = `all ${contexts.length} sites`;
  select.value = chosenSite() ?? "";
  document.title = chosenSite() === null ? "gpharness" : `${chosenSite()} – gpharness`;
}

function showRows() {
  const site = chosenSite();
  const names = site !== null && contexts.length > 1 ? [site] : contexts.slice(0, MOST_ROWS);
  byId("sites-rows").replaceChildren(...names.map(row));
  write(byId("sites-count"), contexts.length ? plural(contexts.length, "site") : "none");
  const more = contexts.length - names.length;
  byId("sites-more").hidden = more === 0;
  byId("sites-more").textContent = site === null ? `and ${plural(more, "more site")}` : `${plural(more, "other site")} not shown`;
}

function row(context) {
  const info = infos.get(context);
  const name = make("th", { scope: "row" }, context);
  if (info === undefined) return make("tr", {}, name, make("td", { colspan: 6 }, ""));
  const services = make("a", { href: safe(info.servicesUrl), rel: "noreferrer" }, info.services.length);
  services.setAttribute("aria-label", `${plural(info.services.length, "service")} of ${context}`);
  const cells = [info.version, services, info.jobs, info.requests, info.deviations, info.clock.kind];
  return make("tr", {}, name, ...cells.map((cell) => make("td", {}, cell)));
}

// An address to be followed: nothing but the web's own.
export function safe(url) {
  return /^https?:\/\//.test(url) ? url : null;
}

export function startSites() {
  byId("site-choice").addEventListener("change", (event) => {
    wanted = event.target.value;
    showChoice();
    showRows();
    tellAll();
    refreshSites();
  });
  byId("reset").addEventListener("click", () => {
    const site = chosenSite();
    const which = site === null ? `all ${contexts.length} sites` : `site ${site}`;
    byId("reset-text").textContent =
      `Jobs, journal, expectations and deviations of ${which} go. Services, rules and the clock stay.`;
    byId("reset-dialog").showModal();
  });
}

// `done(site)` is called once a reset is, with the site's context, or null for all.
export function onReset(done) {
  byId("reset-dialog").addEventListener("close", async (event) => {
    const answer = event.target.returnValue;
    event.target.returnValue = "";
    if (answer !== "reset") return;
    const site = chosenSite();
    try {
      await call("reset", site === null ? { body: { all: true } } : { site });
      done(site);
    } catch (error) {
      complain(error);
    }
  });
}
