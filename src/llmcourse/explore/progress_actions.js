// What a reader can do with the record as a whole: save it, take a file in, print it, delete it.

import { button, el, freshId } from "./shared.js";

const WIPED =
  "Deleted: your record and your settings for reviews. Left in this browser’s storage is the color theme of the pages, as “theme” and “mode”.";
const LARGEST_FILE = 16e6; // bytes; the store itself refuses smaller ones too, but they must be read for that

// Hands a text to the reader as a file. Nothing leaves the machine: the address is of the page's own memory.
export function saveText(text, name) {
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const link = el("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

// The reader's own day, for a file name: 2026-11-26.
export function localDay(now = new Date()) {
  const two = (x) => String(x).padStart(2, "0");
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}

function importer(store, say) {
  const input = el("input", { type: "file", accept: ".json,application/json", hidden: true });
  input.addEventListener("change", async () => {
    const [file] = input.files;
    if (!file) return;
    try {
      if (file.size > LARGEST_FILE) throw new Error("This file was not imported: it is far too large for a record. Nothing has changed.");
      const { added, updated, kept } = store.importText(await file.text());
      say(`Imported ${file.name}: ${added} new, ${updated} later than yours and taken over, ${kept} that were here already.`);
    } catch (error) {
      say(error.message);
    }
    input.value = ""; // the same file may be chosen again
  });
  return [button("Import a file", () => input.click()), input];
}

// Asks once more before everything is deleted; the safe button comes first and so has the focus.
function wiper(store, { save, entries, say }) {
  const title = el("p", { id: freshId("wipe"), class: "lc-ask", text: "Delete your progress?" });
  const what = el("p", {});
  const close = () => dialog.close();
  const wipe = () => {
    const done = store.wipe();
    close();
    say(done ? WIPED : "The browser did not let the page delete anything.");
  };
  const keep = button("Keep it", close);
  const row = el("div", { class: "lc-actions" }, keep, button("Save it as a file first", save), button("Delete everything", wipe));
  const dialog = el("dialog", { "aria-labelledby": title.id }, title, what, row);
  const open = () => {
    what.textContent =
      `${entries()} entries on this device: pages read, exercises solved, quiz answers, and the schedule of your cards. ` +
      "Your settings for reviews, which no exported file has, go too, and so do records that were set aside because they could " +
      "not be read. This cannot be undone.";
    dialog.showModal();
  };
  return [button("Delete everything …", open), dialog];
}

// The row of buttons, the line that says what happened, and what was set aside. Returns { node, draw }.
export function actions(store) {
  const line = el("p", { class: "lc-said", role: "status" });
  const say = (text) => {
    line.textContent = "";
    setTimeout(() => (line.textContent = text), 50); // the same sentence twice is said twice
  };
  const save = () => {
    const name = `llmcourse-progress-${localDay()}.json`;
    saveText(store.exportText(), name);
    say(`Saved as ${name}.`);
  };
  const entries = () =>
    ["pages", "exercises", "quiz", "cards"].reduce((sum, section) => sum + Object.keys(store.all(section)).length, 0);
  const row = el(
    "div",
    { class: "lc-actions" },
    button("Export as a file", save),
    importer(store, say),
    button("Print a report", () => window.print()),
    wiper(store, { save, entries, say }),
  );
  const aside = el("div", { class: "lc-aside" });
  const draw = () => {
    const texts = store.unreadable();
    aside.hidden = !texts.length;
    const note = "A record on this device could not be read and was set aside. You can save it, and look whether it can be mended:";
    const one = (text, i) => button(`Save old record ${i + 1}`, () => saveText(text, `llmcourse-progress-damaged-${i + 1}.txt`));
    aside.replaceChildren(el("p", { text: note }), el("div", { class: "lc-actions" }, texts.map(one)));
  };
  return { node: el("div", { class: "lc-doing" }, row, line, aside), draw };
}
