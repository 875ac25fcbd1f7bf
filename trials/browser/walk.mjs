// Walks the services directory as a person would. See README.md.
import { createRequire } from "node:module";
import { mkdirSync, readFileSync } from "node:fs";
import { chromium } from "playwright-core";

const [catalogue = "http://127.0.0.1:8585/arcgis/rest/services", flag, folder] = process.argv.slice(2);
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
const visited = new Map();
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

function note(kind, page) {
  visited.set(kind, page.url());
}

async function newPage(options = {}) {
  const context = await browser.newContext({ javaScriptEnabled: false, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(10000);
  page.on("console", (message) => check(message.type() !== "error" || / (400|401|403|404|498|499) /.test(message.text()), message.text()));
  return page;
}

async function text(page) {
  return page.locator("body").innerText();
}

async function untilJobEnds(page, refresh) {
  for (let turn = 0; turn < 60; turn += 1) {
    const status = /Job Status: (\w+)/.exec(await text(page))?.[1];
    if (!/New|Submitted|Waiting|Executing|Cancelling/.test(status)) return status;
    await new Promise((resolve) => setTimeout(resolve, 250));
    await refresh();
  }
  return "none in time";
}

async function byClicks() {
  say("an asynchronous task, by clicks");
  const page = await newPage();
  await page.goto(catalogue);
  note("catalogue", page);
  await page.getByRole("link", { name: "WorldViewshed (GPServer)", exact: true }).click();
  note("service", page);
  await page.getByRole("link", { name: "viewshed", exact: true }).click();
  note("task", page);
  await page.getByRole("link", { name: "Submit Job" }).click();
  note("form", page);
  await page.getByLabel("Viewshed Distance").fill('{"distance": 3, "units": "esriKilometers"}');
  await page.getByRole("button", { name: "Submit Job (POST)" }).click();
  check(/\/jobs\/\w+$/.test(page.url()), `the job's page was expected, met ${page.url()}`);
  const status = await untilJobEnds(page, () => page.getByRole("link", { name: "Refresh" }).click());
  check(status === "esriJobSucceeded", `the job is ${status}`);
  note("job, done", page);
  await page.getByRole("link", { name: "Viewshed_Result" }).click();
  note("result", page);
  check((await page.getByRole("table").count()) > 0, "the result has no table of features");
  await page.getByRole("link", { name: "viewshed", exact: true }).click();
  check(page.url() === visited.get("task"), "the breadcrumb does not lead back to the task");
  await page.context().close();
}

async function byKeyboard() {
  say("an asynchronous task, by keyboard alone");
  const page = await newPage();
  const reached = async (name) => {
    for (let key = 0; key < 80; key += 1) {
      await page.keyboard.press("Tab");
      const here = await page.locator(":focus").evaluate((node) => node.value || node.textContent.trim());
      if (here === name) return;
    }
    throw new Error(`no way by Tab to ${name} on ${page.url()}`);
  };
  const follow = async (name) => {
    await reached(name);
    const outline = await page.locator(":focus").evaluate((node) => getComputedStyle(node).outlineStyle);
    check(outline !== "none", `${name} shows no focus`);
    await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  };
  await page.goto(catalogue);
  await page.keyboard.press("Tab");
  check((await page.locator(":focus").innerText()) === "Skip to the content", "the skip link is not first");
  await page.keyboard.press("Enter");
  await follow("WorldViewshed (GPServer)");
  await follow("viewshed");
  await follow("Submit Job");
  await follow("Submit Job (GET)");
  const status = await untilJobEnds(page, () => follow("Refresh"));
  check(status === "esriJobSucceeded", `the job is ${status}`);
  await follow("Viewshed_Result");
  await page.context().close();
}

async function synchronously() {
  say("a synchronous task, and an input that does not fit");
  const page = await newPage();
  const task = `${catalogue}/Elevation/ESRI_Elevation_World/GPServer/Viewshed/execute`;
  await page.goto(task);
  await page.getByRole("button", { name: "Execute Task (GET)" }).click();
  note("execute", page);
  check((await text(page)).includes("Viewshed_Result"), "execute shows no result");
  await page.getByRole("link", { name: "Back to the form" }).click();
  await page.getByLabel("Viewshed Distance").fill("far");
  await page.getByRole("button", { name: "Execute Task (POST)" }).click();
  check((await page.title()).startsWith("Error: "), "a bad input makes no error page");
  await page.goto(`${task}?Input_Observation_Point=x`);
  note("error", page);
  await page.goto(`${catalogue}/DataTypes/Echo/GPServer/Echo/execute`);
  note("form, all types", page);
  await page.getByLabel("In GPString:", { exact: true }).fill('<b>"é" & more</b>');
  await page.getByRole("button", { name: "Execute Task (POST)" }).click();
  check((await text(page)).includes('<b>"é" & more</b>'), "a text with markup does not come back as it was");
  await page.goto(`${catalogue}/DataTypes/Echo/GPServer/Echo`);
  note("task, all types", page);
  await page.context().close();
}

async function cancelled() {
  say("a job that is cancelled");
  const page = await newPage();
  for (const kind of ["job, executing", "job, cancelled"]) {
    await page.goto(`${catalogue}/Simulation/JobOutcomes/GPServer/NeverEnds/submitJob`);
    await page.getByRole("button", { name: "Submit Job (POST)" }).click();
    note(kind, page);
  }
  await page.getByRole("button", { name: "Cancel Job" }).click();
  note("cancel", page);
  await page.getByRole("link", { name: /^Job / }).click();
  const status = await untilJobEnds(page, () => page.getByRole("link", { name: "Refresh" }).click());
  check(status === "esriJobCancelled", `the job is ${status}`);
  await page.context().close();
}

async function uploaded() {
  say("files, uploaded and removed");
  const page = await newPage();
  await page.goto(`${catalogue}/Files/FileTransfer/GPServer`);
  await page.getByRole("link", { name: "Uploads" }).click();
  note("uploads", page);
  for (const kind of ["item", "item, removed"]) {
    await page.goto(visited.get("uploads"));
    const file = { name: "höhen.txt", mimeType: "text/plain", buffer: Buffer.from("12, 13") };
    await page.getByLabel("File:").setInputFiles(file);
    await page.getByRole("button", { name: "Upload" }).first().click();
    note("upload", page);
    check(/Item ID: i[\w-]+/.test(await text(page)), "the page names no item");
    await page.getByRole("link", { name: /^Item / }).click();
    note(kind, page);
  }
  await page.getByRole("button", { name: "Delete Item" }).click();
  check(/success/i.test(await text(page)), "the item is not deleted");
  await page.goto(visited.get("item, removed"));
  check((await page.title()).startsWith("Error: "), "the removed item is still there");
  await page.context().close();
}

async function signedIn() {
  say("the secured service");
  const page = await newPage();
  const answer = await page.goto(`${catalogue}/Secured/WorldViewshed/GPServer`);
  if (answer.status() === 404) {
    say("  passed over: this site has none");
    return page.context().close();
  }
  note("login", page);
  await page.getByLabel("User name").fill("tester");
  await page.getByLabel("Password").fill("tester-password");
  await page.getByRole("button", { name: "Login" }).click();
  check((await page.title()).startsWith("Secured/WorldViewshed"), `after signing in: ${await page.title()}`);
  check((await text(page)).includes("Signed in as tester"), "the page does not say who is signed in");
  check(!page.url().includes("token="), "a token stands in the address");
  await page.getByRole("link", { name: "Get Token" }).click();
  note("token form", page);
  await page.getByLabel("User name").fill("tester");
  await page.getByLabel("Password").fill("tester-password");
  await page.getByRole("button", { name: "Generate Token" }).click();
  check(/Token/.test(await text(page)), "no token was made");
  await page.getByRole("link", { name: "Logout" }).click();
  await page.context().close();
}

async function accessible() {
  say("axe-core, and no sideways scrolling");
  for (const [width, colorScheme] of [[1200, "light"], [1200, "dark"], [320, "light"], [320, "dark"]]) {
    const page = await newPage({
      javaScriptEnabled: true, bypassCSP: true, colorScheme, viewport: { width, height: 800 },
    });
    for (const [kind, address] of visited) {
      await page.goto(address);
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => axe.run());
      for (const each of violations) {
        check(false, `${kind}, ${width}px, ${colorScheme}: ${each.id}: ${each.help} (${each.nodes[0].target})`);
      }
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      check(wider <= 0, `${kind}, ${width}px: ${wider} pixels wider than the window`);
      if (screenshots) {
        const name = `${kind.replace(/\W+/g, "-")}-${width}-${colorScheme}.png`;
        await page.screenshot({ path: `${screenshots}/${name}`, fullPage: true });
      }
    }
    await page.context().close();
  }
  say(`  ${visited.size} pages, each seen 4 times`);
}

for (const step of [byClicks, byKeyboard, synchronously, cancelled, uploaded, signedIn, accessible]) {
  try {
    await step();
  } catch (error) {
    check(false, error.message.split("\n")[0]);
  }
}
await browser.close();
say(faults ? `${faults} things are wrong` : "all is well");
process.exitCode = faults ? 1 : 0;
