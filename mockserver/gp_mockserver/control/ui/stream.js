// Events from the server, for as long as the page is open. By fetch, because EventSource sends no token.

import { open } from "./api.js";

const SILENCE = 45_000; // the server says something every 15 s
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 5_000;

// Calls `opened()` whenever the events begin anew, `heard(name, data)` for each, and `lost(error)` when they end.
export async function listen({ query, opened, heard, lost }) {
  let pause = FIRST_PAUSE;
  for (;;) {
    let reason = null;
    try {
      const control = new AbortController();
      const answer = await open("events", { query, signal: control.signal });
      opened();
      pause = FIRST_PAUSE;
      await read(answer.body.getReader(), control, heard);
    } catch (error) {
      reason = error;
    }
    lost(reason);
    await new Promise((resolve) => setTimeout(resolve, pause));
    pause = Math.min(pause * 1.6, LONGEST_PAUSE);
  }
}

async function read(reader, control, heard) {
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const watch = setTimeout(() => control.abort(), SILENCE);
    const { done, value } = await reader.read().finally(() => clearTimeout(watch));
    if (done) return;
    const events = (rest + decoder.decode(value, { stream: true })).split("\n\n");
    rest = events.pop();
    for (const event of events) tell(event, heard);
  }
}

function tell(event, heard) {
  let name = "";
  let data = "";
  for (const line of event.split("\n")) {
    if (line.startsWith("event: ")) name = line.slice(7);
    if (line.startsWith("data: ")) data += line.slice(6);
  }
  if (name && data) heard(name, JSON.parse(data));
}
