// Deviations: the catalogue to choose from, and those that sites follow.

import { call } from "./api.js";
import { byId, complain, define, make, onPress, plural, say, write } from "./elements.js";
import { backByEscape, Rows } from "./rows.js";
import { chosenSite, isShown, onSites, refreshSites, safe, siteCount } from "./sites.js";

const MOST_SHOWN = 100; // of those that are followed

const followed = new Map(); // by site: its list
let catalogue = [];
let rows;
let chosen = null;

export function deviationsAre(site, list) {
  followed.set(site, list);
  refreshSites();
  show();
}

export function forgetDeviations(site = null) {
  if (site === null) followed.clear();
  else followed.delete(site);
  show();
}

export async function readCatalogue() {
  const answer = await call("deviations", { query: { catalogue: true } });
  catalogue = answer.catalogue.map((entry) => ({
    ...entry,
    words: [entry.name, entry.group, entry.class, ...entry.on, entry.does, entry.finding].join(" ").toLowerCase(),
  }));
  const operations = [...new Set(catalogue.flatMap((entry) => entry.on))].sort();
  byId("operations").replaceChildren(...operations.map((name) => make("option", { value: name })));
  showCatalogue();
}

function show() {
  const all = [...followed].flatMap(([site, list]) => (isShown(site) ? list : []));
  const active = all.filter((each) => !each.over);
  const shown = [...active, ...all.filter((each) => each.over)].slice(0, MOST_SHOWN);
  write(byId("deviations-count"), all.length ? `${active.length} on, ${all.length - active.length} over` : "");
  byId("deviations-empty").hidden = all.length > 0;
  byId("deviations-clear").hidden = all.length === 0;
  byId("deviations-list").hidden = all.length === 0;
  const list = byId("deviations-list");
  const before = new Map([...list.children].map((item) => [item.dataset.key, item]));
  const items = shown.map((each) => {
    const key = `${each.site}/${each.id}`;
    const item = before.get(key) ?? newItem(key);
    before.delete(key);
    fillItem(item, each);
    return item;
  });
  for (const gone of before.values()) gone.remove();
  items.forEach((item, i) => {
    if (list.children[i] !== item) list.insertBefore(item, list.children[i] ?? null);
  });
}

function newItem(key) {
  const button = make("button", { type: "button" }, "Clear");
  const item = make("li", {}, make("div", {}, make("p", { class: "label" }), make("p", { class: "hint wraps" }), make("p", { class: "wraps" })), button);
  item.dataset.key = key;
  onPress(button, async () => {
    const { site, id, label } = item.injection;
    const list = byId("deviations-list");
    const beside = (item.nextElementSibling ?? item.previousElementSibling)?.querySelector("button");
    await call("clearDeviation", { site, parts: { id } });
    if (document.activeElement === button && !item.injection.over) (beside ?? byId("catalogue-filter")).focus();
    followed.set(site, (followed.get(site) ?? []).map((each) => (each.id === id ? { ...each, over: true } : each)));
    if (list.isConnected) show();
    say(`${label} is cleared.`);
  });
  return item;
}

function fillItem(item, injection) {
  item.injection = injection;
  const [text, button] = item.children;
  const [label, about, does] = text.children;
  write(label, siteCount() > 1 && chosenSite() === null ? `${injection.site}: ${injection.label}` : injection.label);
  const where = Object.entries(injection.where).map(([name, value]) => `${name} ${typeof value === "string" ? value : JSON.stringify(value)}`);
  const count = `applied to ${plural(injection.applied, "request")}`;
  const url = safe(injection.url ?? "");
  write(about, [injection.over ? "over" : "on", count, injection.class, ...where, url ? `met at ${url}` : ""].filter(Boolean).join(" · "));
  write(does, injection.does);
  item.classList.toggle("over", injection.over);
  button.hidden = injection.over;
  button.setAttribute("aria-label", `Clear ${injection.label}`);
}

function showCatalogue() {
  const words = byId("catalogue-filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  const kind = byId("catalogue-class").value;
  const shown = catalogue.filter(
    (entry) => (!kind || entry.class === kind) && words.every((word) => entry.words.includes(word)),
  );
  rows.show(shown, "No deviation fits.");
  write(byId("catalogue-title"), shown.length === catalogue.length ? `Catalogue (${shown.length})` : `Catalogue (${shown.length} of ${catalogue.length})`);
}

function fillEntry(element, entry) {
  if (!element.children.length) {
    element.append(make("span", { class: "name" }), make("span", { class: "class" }), make("span", { class: "does" }));
  }
  const [name, kind, does] = element.children;
  write(name, entry.name);
  write(kind, entry.class);
  write(does, entry.does);
}

function showForm() {
  const form = byId("injection");
  form.hidden = chosen === null;
  byId("injection-which").hidden = chosenSite() !== null;
  byId("injection-fields").disabled = chosenSite() === null;
  if (chosen === null || form.entry === chosen) return;
  form.entry = chosen;
  write(byId("injection-name"), chosen.name);
  write(byId("injection-does"), chosen.does);
  define(byId("injection-facts"), [
    ["Class", chosen.class],
    ["Group", chosen.group],
    ["On", chosen.on.join(", ")],
    ["Finding", chosen.finding],
    ["Known from", chosen.evidence.join(", ")],
    ["Done by", { ASGI: "the answer", transport: "the connection", socket: "a listening socket of its own" }[chosen.by]],
  ]);
  byId("injection-operation").placeholder = chosen.on.join(", ");
  byId("injection-parameters").replaceChildren(...Object.entries(chosen.parameters).map(field));
  for (const id of ["injection-operation", "injection-nth", "injection-times"]) byId(id).value = "";
}

// A field for a parameter. Texts stand in it as they are, anything else as JSON.
function field([name, value], i) {
  const id = `injection-parameter-${i}`;
  const input = make("input", { id, autocomplete: "off", spellcheck: "false" });
  input.name = name;
  input.value = typeof value === "string" ? value : JSON.stringify(value);
  return make("span", { class: "field" }, make("label", { for: id }, name), input);
}

function parameters() {
  const given = {};
  for (const input of byId("injection-parameters").querySelectorAll("input")) {
    const usual = chosen.parameters[input.name];
    if (typeof usual === "string") {
      if (input.value !== usual) given[input.name] = input.value;
    } else if (input.value !== JSON.stringify(usual)) {
      given[input.name] = parsed(input.value);
    }
  }
  return given;
}

// What is no JSON is a text: the server says whether it takes one.
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

async function inject() {
  const site = chosenSite();
  const body = { name: chosen.name, parameters: parameters() };
  const operation = byId("injection-operation").value.split(/[\s,]+/).filter(Boolean);
  const nth = byId("injection-nth").value.trim();
  if (operation.length) body.operation = operation.length === 1 ? operation[0] : operation;
  if (nth) body.nth = /^\d+$/.test(nth) ? Number(nth) : nth;
  if (byId("injection-times").value) body.times = Number(byId("injection-times").value);
  const made = await call("inject", { site, body });
  const list = (followed.get(site) ?? []).filter((each) => each.id !== made.id);
  followed.set(site, [...list, made]);
  show();
  say(`${made.label} is on.`);
}

export function startDeviations() {
  rows = new Rows(byId("catalogue-list"), {
    kind: "catalogue-line",
    key: (entry) => entry.name,
    fill: fillEntry,
    chosen: (entry) => {
      chosen = entry;
      showForm();
    },
    enter: () => (byId("injection-fields").disabled ? byId("injection") : byId("injection-operation")).focus(),
    empty: byId("catalogue-empty"),
  });
  backByEscape(byId("injection"), byId("catalogue-list"));
  byId("catalogue-filter").addEventListener("input", showCatalogue);
  byId("catalogue-class").addEventListener("change", showCatalogue);
  byId("injection").addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await inject();
    } catch (error) {
      complain(error);
    }
  });
  onPress(byId("deviations-clear"), async () => {
    const site = chosenSite();
    const { cleared } = await call("clearDeviations", site === null ? { query: { all: true } } : { site });
    forgetDeviations(site);
    byId("catalogue-filter").focus();
    say(`${plural(cleared, "deviation")} cleared.`);
  });
  onSites(() => {
    show();
    showForm();
  });
}
