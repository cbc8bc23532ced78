// What a reader has read, solved, answered and reviewed, kept on this device only: window.llmcourseStore.
//
// A classic script on every page, after record-format.js and before host.js. The record is one text in localStorage, the same
// as in the file that the reader exports. It is read again before each use, so that two tabs do not undo each other. What
// cannot be written lives on in memory, for this page, and one notice says so. A text that is not ours is moved to another key
// before anything else is written. Nothing here asks the network for anything.
(function () {
  "use strict";
  if (window.llmcourseStore) return;

  const format = window.llmcourseRecord;
  const KEY = "llmcourse-progress";
  const ASIDE = "llmcourse-progress-damaged"; // then -damaged-2, -damaged-3 …

  const copy = (value) => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));
  let status = "ok";
  let seen = null; // the text that `stored` was read from
  let stored = format.empty();
  let stuck = false; // a text that is not ours stands in the way and could not be moved: write nothing
  const unsaved = new Map(); // what could not be written: "section id" -> [section, id, entry or undefined]

  // ---- the storage -------------------------------------------------------------------------------------------------

  // Throws where the browser lets the page keep nothing; there storage.js may have put a storage of this page alone.
  function storage() {
    if (window.llmcourseStorageBlocked) throw new DOMException("The storage is blocked.", "SecurityError");
    return localStorage;
  }

  const keysAside = () =>
    Array.from({ length: storage().length }, (_, i) => storage().key(i))
      .filter((key) => key === ASIDE || key.startsWith(`${ASIDE}-`))
      .sort();

  // Keeps a text that cannot be read under the first free key, once.
  function setAside(text) {
    for (let n = 1; ; n += 1) {
      const key = n === 1 ? ASIDE : `${ASIDE}-${n}`;
      const there = storage().getItem(key);
      if (there === text) return;
      if (there === null) return storage().setItem(key, text);
    }
  }

  function refresh() {
    let text;
    try {
      text = storage().getItem(KEY);
    } catch {
      status = "blocked";
      return;
    }
    if (text === seen) return;
    [seen, stuck, stored] = [text, false, format.empty()];
    if (text === null) return;
    try {
      stored = format.read(text);
    } catch (error) {
      status = "damaged";
      try {
        setAside(text);
        storage().removeItem(KEY);
        seen = null;
      } catch {
        stuck = true;
      }
      tell(stuck ? "stuck" : error.newer ? "newer" : "damaged");
    }
  }

  // All there is: what is stored, and over it what could not be stored.
  function current() {
    refresh();
    if (!unsaved.size) return stored;
    const record = new Map([...stored].map(([name, entries]) => [name, new Map(entries)]));
    for (const [section, id, entry] of unsaved.values()) {
      if (entry === undefined) record.get(section).delete(id);
      else record.get(section).set(id, entry);
    }
    return record;
  }

  // "ok", or why the record could not be written.
  function save(record) {
    if (stuck) return "stuck";
    const text = format.write(record);
    try {
      storage().setItem(KEY, text);
    } catch (error) {
      return /quota/i.test(error.name) ? "full" : "blocked";
    }
    [seen, stored] = [text, record];
    unsaved.clear();
    return "ok";
  }

  function change(section, id, entry) {
    unsaved.set(`${section} ${id}`, [section, id, entry]);
    const outcome = save(current());
    if (outcome !== "ok") tell(outcome);
    if (status !== "damaged") status = outcome;
    changed();
    return outcome === "ok";
  }

  // ---- who is told -------------------------------------------------------------------------------------------------

  const listeners = new Set();
  function changed() {
    for (const listener of [...listeners]) {
      try {
        listener();
      } catch (error) {
        setTimeout(() => { throw error; }); // one listener's fault is reported, and stops no other
      }
    }
  }
  addEventListener("storage", (event) => (event.key === KEY || event.key === null) && changed());
  addEventListener("pageshow", (event) => event.persisted && changed()); // back from the history: others may have written

  const NOTICES = {
    blocked: "This browser lets the page keep nothing, as in some private windows. Your progress holds until you leave this page.",
    full: "The browser’s storage is full, so this could not be kept. It holds until you leave this page.",
    damaged: "The record of your progress on this device could not be read. It was set aside, not deleted, and a new one begins. The progress page can save the old text as a file.",
    newer: "The record of your progress on this device was written by a newer version of this course. It was set aside, not deleted, and a new one begins.",
    stuck: "The record of your progress on this device could not be read, and there was no room to set it aside. It is left as it is; what you do now holds until you leave this page.",
  };
  let told = false;
  // One notice a page. Its text follows after the empty region: that is what makes screen readers say it.
  function tell(what) {
    if (told) return;
    told = true;
    const show = () => {
      const text = document.createElement("p");
      text.setAttribute("role", "status");
      const close = Object.assign(document.createElement("button"), { type: "button", textContent: "Close" });
      const notice = Object.assign(document.createElement("div"), { className: "lc-notice" });
      notice.setAttribute("role", "region");
      notice.setAttribute("aria-label", "Notice");
      close.addEventListener("click", () => notice.remove());
      notice.append(text, close);
      document.body.append(notice);
      setTimeout(() => (text.textContent = NOTICES[what]), 50);
    };
    if (document.body) show();
    else addEventListener("DOMContentLoaded", show);
  }

  // ---- what pages and widgets use ------------------------------------------------------------------------------------

  window.llmcourseStore = {
    get: (section, id) => copy(current().get(section)?.get(id)),
    all: (section) => copy(Object.fromEntries(current().get(section) ?? [])),

    // false: not kept beyond this page.
    put(section, id, entry) {
      const value = copy(entry);
      format.check(section, id, value);
      return change(section, id, value);
    },
    remove: (section, id) => (current().get(section)?.has(id) ? change(section, id, undefined) : true),
    exportText: () => `${format.write(current(), 2)}\n`,

    // Adds the entries of an exported file. Throws a sentence for the reader, and then nothing has changed.
    importText(text) {
      const refuse = (why) => new Error(`This file was not imported: ${why}. Nothing has changed.`);
      let found;
      try {
        found = format.read(String(text));
      } catch (error) {
        throw refuse(error.message);
      }
      const { record, result } = format.merge(current(), found);
      const outcome = save(record);
      if (outcome === "full") throw refuse("the browser’s storage is full");
      if (outcome !== "ok") throw refuse("this browser lets the page keep nothing");
      if (status !== "damaged") status = "ok";
      changed();
      return result;
    },

    // Deletes everything of this course on this device, what was set aside included. false: the browser refused.
    wipe() {
      unsaved.clear();
      [seen, stored] = [null, format.empty()];
      let done = true;
      try {
        const keys = Object.keys(storage()).filter((key) => key.startsWith("llmcourse-")); // settings too
        for (const key of keys) storage().removeItem(key);
        [status, stuck] = ["ok", false];
      } catch {
        done = false;
      }
      changed();
      return done;
    },

    // The texts that were set aside, or left in place, because they could not be read.
    unreadable() {
      try {
        refresh();
        return [...keysAside(), ...(stuck ? [KEY] : [])].map((key) => storage().getItem(key));
      } catch {
        return [];
      }
    },

    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    get status() {
      refresh();
      return status;
    },
  };
  refresh();
})();
