// The live page: starts its parts, and hands them what the server tells.

import { call, page } from "./api.js";
import { clockIs, forgetClocks, startClock } from "./clock.js";
import { deviationsAre, forgetDeviations, readCatalogue, startDeviations } from "./deviations.js";
import { byId, complain, say, startNotices } from "./elements.js";
import { askAgain, forgetJobs, jobIs, jobIsGone, readJobs, startJobs } from "./jobs.js";
import { forgetRequests, readRequests, requestIs, startJournal } from "./journal.js";
import { onReset, refreshSites, sitesAre, startSites } from "./sites.js";
import { listen } from "./stream.js";

const LAST = 500; // requests that are shown at first

let hasCatalogue = false;

const HEARD = {
  request: requestIs,
  job: jobIs,
  jobGone: ({ site, jobId }) => jobIsGone(site, jobId),
  deviations: ({ site, deviations }) => deviationsAre(site, deviations),
  clock: ({ site, ...clock }) => {
    clockIs(site, clock);
    askAgain(site);
  },
  sites: ({ sites }) => sitesAre(sites),
};

// What was known is forgotten: the server may be another than before.
function opened() {
  connection("Connected", "good");
  forgetJobs();
  forgetRequests();
  forgetDeviations();
  forgetClocks();
  readJobs().catch(complain);
  if (!hasCatalogue) {
    readCatalogue().then(() => {
      hasCatalogue = true;
    }, complain);
  }
}

function connection(text, tone) {
  const element = byId("connection");
  element.className = `connection ${tone}`;
  if (element.textContent !== text) element.textContent = text;
}

function lost(error) {
  connection(error !== null && error.status > 0 ? `Not connected: ${error.message}` : "Not connected: trying again", "bad");
}

// Whether the page is about a server or one of its sites, its address alone does not say behind a proxy.
async function findOut() {
  for (;;) {
    try {
      const { resources } = await call("index");
      page.isOfServer = "sites" in resources;
      return;
    } catch (error) {
      lost(error);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
  }
}

startNotices();
startSites();
startClock();
startJobs();
startJournal();
startDeviations();
onReset((site) => {
  forgetJobs(site);
  forgetRequests(site);
  forgetDeviations(site);
  readJobs().catch(complain);
  readRequests(site).catch(complain);
  refreshSites();
  say(site === null ? "All sites start anew." : `Site ${site} starts anew.`);
});
await findOut();
listen({ query: { maxlogs: LAST }, opened, heard: (name, data) => HEARD[name]?.(data), lost });
