// Elements of the page. What comes from a server or a client becomes text, never markup.

export function byId(id) {
  return document.getElementById(id);
}

// A new element with attributes; children are elements or texts.
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.map((child) => (child instanceof Node ? child : String(child))));
  return element;
}

// Set the text, if it is another: what a screen reader has read it need not read again.
export function write(element, text) {
  const wanted = String(text);
  if (element.textContent !== wanted) element.textContent = wanted;
}

// Fill a list of definitions. Pairs without a value are left out; an element is taken as it is.
export function define(list, pairs) {
  const there = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  list.replaceChildren(...there.flatMap(([name, value]) => [make("dt", {}, name), value instanceof Node ? make("dd", {}, value) : described(value)]));
  list.hidden = there.length === 0;
}

// A long text can be scrolled, also by keys.
function described(value) {
  return make("dd", String(value).length > 400 ? { class: "long", tabindex: 0 } : {}, value);
}

export function clockTime(seconds) {
  return isoTime(seconds).slice(11, 23);
}

export function isoTime(seconds) {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString();
}

export function bytes(count) {
  if (count < 1000) return `${count} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = count;
  let unit = -1;
  do {
    value /= 1000;
    unit += 1;
  } while (value >= 999.5 && unit < units.length - 1);
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "";
  if (seconds === 0) return "0 s";
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 120) return `${Number(seconds.toPrecision(3))} s`;
  if (seconds < 7200) return `${Number((seconds / 60).toPrecision(3))} min`;
  return `${Number((seconds / 3600).toPrecision(3))} h`;
}

export function plural(count, one, many = `${one}s`) {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

// The statuses of jobs without what they all begin with.
export function shortStatus(status) {
  return status.replace(/^esriJob/, "");
}

let fading = 0;
let before = null; // what had the focus when something went wrong

// Say that something is done.
export function say(text) {
  byId("wrong").hidden = true;
  byId("said").textContent = text;
  clearTimeout(fading);
  fading = setTimeout(() => {
    byId("said").textContent = "";
  }, 8000);
}

// Say what could not be done, until it is dismissed or something else is done.
export function complain(error) {
  byId("said").textContent = "";
  before = document.activeElement;
  byId("wrong").hidden = false;
  byId("wrong-text").textContent = error.message ?? String(error);
}

export function startNotices() {
  byId("wrong-close").addEventListener("click", () => {
    byId("wrong").hidden = true;
    before?.focus();
  });
}

// Have an element do something when it is pressed; what goes wrong is shown.
export function onPress(element, act) {
  element.addEventListener("click", async () => {
    if (element.getAttribute("aria-disabled") === "true") return;
    try {
      await act();
    } catch (error) {
      complain(error);
    }
  });
}
