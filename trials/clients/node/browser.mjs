// Runs a page's client in headless Chromium, from another origin than the server's.
// node browser.mjs pages/arcgis_core.js; CHROMIUM names the browser where it is not /usr/bin/chromium.
import { createServer } from "node:http";
import { build } from "esbuild";
import { chromium } from "playwright-core";

const script = process.argv[2];
const bundled = await build({ entryPoints: [script], bundle: true, write: false, format: "iife", outdir: "bundled", loader: { ".png": "dataurl", ".wasm": "file" }, logLevel: "error" });
const code = bundled.outputFiles.find((file) => file.path.endsWith(".js")).contents;
const pages = createServer((incoming, response) => {
  if (incoming.url.startsWith("/client.js")) {
    response.setHeader("content-type", "text/javascript;charset=utf-8");
    response.end(code);
  } else if (incoming.url.startsWith("/?")) {
    response.setHeader("content-type", "text/html;charset=utf-8");
    response.end("<!DOCTYPE html><html lang='en'><title>trial</title><div id='map'></div><script src='/client.js'></script></html>");
  } else {
    response.statusCode = 404;
    response.end();
  }
});
await new Promise((ready) => pages.listen(0, "127.0.0.1", ready));
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
let failed = 0;
try {
  const page = await browser.newPage();
  page.on("pageerror", (error) => console.log(`page: ${error.message}`));
  await page.goto(`http://127.0.0.1:${pages.address().port}/?url=${encodeURIComponent(process.env.GP_URL)}`);
  const checks = await page.evaluate(async () => {
    const made = [];
    const check = (what, holds) => made.push([what, Boolean(holds)]);
    try {
      await window.trial(check);
    } catch (error) {
      made.push([`${error?.message ?? JSON.stringify(error)} ${JSON.stringify(error?.details ?? "").slice(0, 500)}`, false]);
    }
    return made;
  });
  for (const [what, holds] of checks) {
    console.log((holds ? "ok     " : "FAILED ") + what);
    failed += holds ? 0 : 1;
  }
  failed += checks.length ? 0 : 1;
} finally {
  await browser.close();
  pages.close();
}
process.exit(failed ? 1 : 0);
