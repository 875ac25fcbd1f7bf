// Works the live page by keyboard alone. See README.md.
import { createRequire } from "node:module";
import { mkdirSync, readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { chromium } from "playwright-core";

const [server = "http://127.0.0.1:8585", flag, folder] = process.argv.slice(2);
const screenshots = flag === "--screenshots" ? folder : "";
if (screenshots) mkdirSync(screenshots, { recursive: true });
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
  ],
});
const EVIL = "<img src=x onerror=\"window.broken=1\"><script>window.broken=1</script>";
let faults = 0;

function say(text) {
  console.log(text);
}

function check(holds, text) {
  if (!holds) {
    faults += 1;
    say(`  WRONG: ${text}`);
  }
}

async function ask(method, url, body) {
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
  const data = await answer.json();
  if (!answer.ok) throw new Error(data.error.message);
  return data;
}

async function until(what, holds) {
  for (let turn = 0; turn < 100; turn += 1) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what} did not come to be`);
}

// A way to the server that can be cut, as if it were started anew.
async function passage() {
  const { hostname, port } = new URL(server);
  const sockets = new Set();
  let isOpen = true;
  const listener = createServer((client) => {
    if (!isOpen) return client.destroy();
    const upstream = connect(Number(port || 80), hostname);
    for (const [from, to] of [[client, upstream], [upstream, client]]) {
      sockets.add(from);
      from.pipe(to);
      from.on("error", () => {});
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  await new Promise((resolve) => listener.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${listener.address().port}`,
    cut() {
      isOpen = false;
      for (const socket of sockets) socket.destroy();
    },
    mend() {
      isOpen = true;
    },
    end() {
      this.cut();
      listener.close();
    },
  };
}

async function newPage(address, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 1000 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(10000);
  page.on("pageerror", (error) => check(false, `the script failed: ${error.message}`));
  page.on("console", (message) => check(!/Content.Security|Uncaught/i.test(message.text()), message.text()));
  await page.goto(address);
  await page.getByText("Connected", { exact: true }).waitFor();
  return page;
}

// Tab until the focus is on the element of this id; it has to show that it is.
async function tabTo(page, id, key = "Tab") {
  for (let presses = 0; presses < 120; presses += 1) {
    await page.keyboard.press(key);
    const [here, outline] = await page.evaluate(() => {
      const element = document.activeElement;
      return [element.id, getComputedStyle(element).outlineStyle];
    });
    if (here === id) {
      check(outline !== "none", `${id} shows no focus`);
      return;
    }
  }
  throw new Error(`no way by ${key} to ${id}`);
}

const text = (page, id) => page.locator(`#${id}`).innerText();

async function byKeyboard(site, page) {
  const task = `${site.servicesUrl}/Simulation/JobOutcomes/GPServer/NeverEnds`;

  say("a deviation is injected");
  await tabTo(page, "catalogue-filter");
  await page.keyboard.type("retry-after 503");
  await until("a deviation to choose", async () => /of/.test(await text(page, "catalogue-title")));
  await tabTo(page, "catalogue-list");
  await page.keyboard.press("ArrowDown");
  const name = await text(page, "injection-name");
  await page.keyboard.press("Enter");
  await page.keyboard.type("job");
  await tabTo(page, "injection-nth");
  await page.keyboard.type("2");
  await page.keyboard.press("Enter");
  await until("the injection", async () => (await text(page, "deviations-list")).includes(`${name}@job#2`));

  say("requests arrive, and a job");
  const { jobId } = await (await fetch(`${task}/submitJob?f=json&Note=${encodeURIComponent(EVIL)}`)).json();
  const statuses = [];
  for (let poll = 0; poll < 2; poll += 1) statuses.push((await fetch(`${task}/jobs/${jobId}?f=json`)).status);
  check(statuses.join() === "200,503", `the polls were answered ${statuses}`);
  await fetch(`${site.servicesUrl}/${encodeURIComponent(EVIL)}/GPServer?f=json`);
  await until("four lines", async () => (await text(page, "journal-count")) === "4 requests");
  await until("the count of the deviation", async () => /applied to 1 request/.test(await text(page, "deviations-list")));
  await tabTo(page, "journal-list", "Shift+Tab");
  await page.keyboard.press("ArrowUp");
  await until("the last request's details", async () => /Answer headers/.test(await text(page, "request")));
  check((await text(page, "request")).includes("<img"), "the path is not shown as text");
  await page.keyboard.press("ArrowUp");
  await until("the request with the deviation", async () => (await text(page, "request")).includes(`${name}@job#2`));
  await page.keyboard.press("Enter");
  check((await page.evaluate(() => document.activeElement.id)) === "request", "Enter does not lead to the details");
  await page.keyboard.press("Escape");
  check((await page.evaluate(() => document.activeElement.id)) === "journal-list", "Escape does not lead back");

  say("a job is held and released");
  await tabTo(page, "jobs-list", "Shift+Tab");
  await page.keyboard.press("ArrowDown");
  await until("the job", async () => (await text(page, "job-id").catch(() => "")) === jobId);
  await tabTo(page, "job-hold");
  await page.keyboard.press("Enter");
  await until("the hold", async () => (await text(page, "job-line")).includes("held at hold"));
  check((await ask("GET", `${site.adminUrl}/jobs/${jobId}`)).held === "hold", "the server does not hold the job");
  if (screenshots) await page.screenshot({ path: `${screenshots}/held.png`, fullPage: true });
  await tabTo(page, "job-release");
  await page.keyboard.press("Enter");
  await until("the release", async () => !(await text(page, "job-line")).includes("held"));

  say("the clock is moved on, and the job with it");
  const before = (await ask("GET", `${site.adminUrl}/clock`)).now;
  await tabTo(page, "clock-1min");
  await page.keyboard.press("Enter");
  await until("a minute", async () => (await ask("GET", `${site.adminUrl}/clock`)).now === before + 60);
  await until("the job's next phase", async () => (await text(page, "job-line")).includes("esriJobExecuting"));
  await tabTo(page, "clock-fast", "Shift+Tab");
  await page.keyboard.press("Enter");
  await until("a fast clock", async () => (await text(page, "clock-kind")).startsWith("60 times"));
  await tabTo(page, "clock-freeze", "Shift+Tab");
  await page.keyboard.press("Enter");
  await until("a clock that stands still", async () => (await text(page, "clock-kind")) === "stands still");

  say("the job is moved, and deleted");
  await tabTo(page, "job-status", "Shift+Tab");
  await page.keyboard.type("Failed");
  await tabTo(page, "job-move");
  await page.keyboard.press("Enter");
  await until("the failure", async () => (await text(page, "job-line")).includes("esriJobFailed"));
  await tabTo(page, "job-delete");
  await page.keyboard.press("Enter");
  await until("the job to go", async () => !(await page.locator("#job").isVisible()));
  const focus = await page.evaluate(() => document.activeElement.id);
  check(["jobs", "jobs-list"].includes(focus), `the focus is lost with the job: ${focus}`);

  say("the deviation is cleared, and all starts anew");
  await tabTo(page, "deviations-clear");
  await page.keyboard.press("Enter");
  await until("no deviation", async () => (await ask("GET", `${site.adminUrl}/deviations`)).deviations.every((each) => each.over));
  await tabTo(page, "reset", "Shift+Tab");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await until("an empty journal", async () => page.locator("#journal-empty").isVisible());
  check((await ask("GET", `${site.adminUrl}/requests`)).total === 0, "the server's journal is not empty");
  check(!(await page.evaluate(() => "broken" in window)), "what a client sent became markup");
}

async function many(site, page) {
  say("1,500 requests");
  const url = `${site.servicesUrl}?f=json`;
  for (let turn = 0; turn < 60; turn += 1) await Promise.all(Array.from({ length: 25 }, () => fetch(url).then((answer) => answer.text())));
  await until("all lines", async () => (await text(page, "journal-count")) === "1,500 requests");
  const count = await page.locator("*").count();
  check(count < 1500, `the page has ${count} elements`);
  await page.locator("#journal-list").focus();
  const spent = await page.evaluate(async () => {
    const began = performance.now();
    for (const key of ["Home", ...Array(50).fill("PageDown"), "End"]) {
      document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    }
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    return performance.now() - began;
  });
  say(`  ${count} elements; 52 keys took ${Math.round(spent)} ms`);
  check(spent < 1000, "the journal is slow");
}

async function cutOff(page, way) {
  say("the server goes, and comes back");
  way.cut();
  await until("the loss", async () => (await text(page, "connection")).startsWith("Not connected"));
  way.mend();
  await until("the connection", async () => (await text(page, "connection")) === "Connected");
  await until("the lines", async () => /requests/.test(await text(page, "journal-count")));
}

async function accessible(site) {
  say("axe-core, and no sideways scrolling");
  await ask("POST", `${site.adminUrl}/reset`);
  const task = `${site.servicesUrl}/Simulation/JobOutcomes/GPServer`;
  await ask("POST", `${site.adminUrl}/deviations`, { name: "status-503-retry-after", operation: "job", nth: 2 });
  for (const name of ["NeverEnds", "Fails", "Succeeds"]) {
    const { jobId } = await (await fetch(`${task}/${name}/submitJob?f=json&Note=${"long".repeat(60)}`)).json();
    for (let poll = 0; poll < 2; poll += 1) await fetch(`${task}/${name}/jobs/${jobId}?f=json`);
  }
  await ask("POST", `${site.adminUrl}/clock/advance`, { seconds: 30 });
  for (const [width, colorScheme] of [[1440, "light"], [1440, "dark"], [320, "light"], [320, "dark"]]) {
    const page = await newPage(`${server}/${site.context}/__admin/ui`, {
      bypassCSP: true, colorScheme, reducedMotion: "reduce", viewport: { width, height: 900 },
    });
    for (const list of ["jobs", "catalogue", "journal"]) {
      await until(`the ${list}`, async () => page.locator(`#${list}-list`).isVisible());
      await page.locator(`#${list}-list`).focus();
      for (const key of ["ArrowDown", "ArrowDown", "ArrowUp"]) await page.keyboard.press(key);
    }
    await until("a request's details", async () => /Answer headers/.test(await text(page, "request")));
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => axe.run());
    for (const each of violations) {
      check(false, `${width}px, ${colorScheme}: ${each.id}: ${each.help} (${each.nodes[0].target})`);
    }
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    check(wider <= 0, `${width}px: ${wider} pixels wider than the window`);
    if (screenshots) await page.screenshot({ path: `${screenshots}/live-${width}-${colorScheme}.png`, fullPage: true });
    await page.context().close();
  }
}

const way = await passage();
let site = null;
try {
  site = await ask("POST", `${server}/__admin/sites`, { builtin: true, clock: "manual" });
  const page = await newPage(`${way.url}/${site.context}/__admin/ui`);
  await byKeyboard(site, page);
  await many(site, page);
  await cutOff(page, way);
  await page.context().close();
  await accessible(site);
} catch (error) {
  check(false, error.message.split("\n")[0]);
}
if (site !== null) await ask("DELETE", `${server}/__admin/sites/${site.context}`);
way.end();
await browser.close();
say(faults ? `${faults} things are wrong` : "all is well");
process.exitCode = faults ? 1 : 0;
