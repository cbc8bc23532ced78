// The file of a reader's progress: what may stand in it, how it is read and written. llmcourse.study.record is its twin.
//
//   {"format": "llmcourse-progress", "version": 1, "pages": {"4.3": {"read": ISO}}, "exercises": {"4.3.e": {"passed": ISO}},
//    "quiz": {"4.3-q1": {"answered": ISO, "tries": 2, "first": false, "right": true, "answer": …}},
//    "cards": {"4.3-c1": {"reviewed": ISO, "due": ISO, "stability": x, "difficulty": x, "state": 0..3, "step": n | null, …}}}
//
// Maps, not objects, hold the entries while they are in use: a name such as __proto__ is then a name like any other.
(function () {
  "use strict";
  const FORMAT = "llmcourse-progress";
  const VERSION = 1;
  const LARGEST = 4_000_000; // characters: more than any course needs, less than browsers keep
  const LONGEST_NAME = 100;

  const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;
  const date = (x) => typeof x === "string" && ISO.test(x) && Number.isFinite(Date.parse(x));
  const flag = (x) => typeof x === "boolean";
  const count = (x) => Number.isSafeInteger(x) && x >= 0;
  const amount = (x) => x === null || Number.isFinite(x);
  const stage = (x) => count(x) && x <= 3;
  const step = (x) => x === null || count(x);
  // Each section: the field that says when, which every entry has, and what the known fields hold. Others are kept as they are.
  const SECTIONS = new Map([
    ["pages", ["read", { read: date }]],
    ["exercises", ["passed", { passed: date }]],
    ["quiz", ["answered", { answered: date, tries: count, first: flag, right: flag }]],
    [
      "cards",
      [
        "reviewed",
        { reviewed: date, due: date, stability: amount, difficulty: amount, state: stage, step, reviews: count, lapses: count },
      ],
    ],
  ]);
  const isObject = (x) => typeof x === "object" && x !== null && !Array.isArray(x);

  // A record without entries: a Map of entries for each section.
  const empty = () => new Map([...SECTIONS.keys()].map((name) => [name, new Map()]));

  // Throws an Error if this is not an entry of this section.
  function check(section, id, entry) {
    if (!SECTIONS.has(section)) throw new Error(`there is no section “${section}”`);
    const [when, fields] = SECTIONS.get(section);
    if (typeof id !== "string" || !id || id.length > LONGEST_NAME) throw new Error(`a name in “${section}” is not one`);
    if (!isObject(entry)) throw new Error(`the entry ${id} in “${section}” is not an entry`);
    for (const [field, right] of Object.entries(fields)) {
      const there = Object.hasOwn(entry, field);
      if (field === when ? !there || !right(entry[field]) : there && !right(entry[field])) {
        throw new Error(`the entry ${id} in “${section}” has no valid “${field}”`);
      }
    }
  }

  // The record in a text, or an Error whose message is half a sentence; its `newer` tells a text from the future.
  function read(text) {
    if (text.length > LARGEST) throw new Error("it is larger than four million characters");
    let value;
    try {
      value = JSON.parse(text.replace(/^\uFEFF/, "")); // some editors begin a file with this mark
      JSON.stringify(value); // what is nested too deeply to be written again is refused too
    } catch {
      throw new Error("it is not JSON, or it is cut off");
    }
    if (!isObject(value) || value.format !== FORMAT) throw new Error("it is not a record of progress in this course");
    if (Number.isSafeInteger(value.version) && value.version > VERSION) {
      throw Object.assign(new Error("it was written by a newer version of this course"), { newer: true });
    }
    if (value.version !== VERSION) throw new Error("it does not say in which version of the format it is");
    const record = empty();
    for (const [section, entries] of Object.entries(value)) {
      if (section === "format" || section === "version") continue;
      if (!SECTIONS.has(section)) throw new Error(`it has a part that this course does not know, “${section.slice(0, 40)}”`);
      if (!isObject(entries)) throw new Error(`its part “${section}” is damaged`);
      for (const [id, entry] of Object.entries(entries)) {
        check(section, id, entry);
        record.get(section).set(id, entry);
      }
    }
    return record;
  }

  // Sorted by name, so that the same record is the same text.
  function write(record, indent) {
    const sorted = (entries) => Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
    const sections = [...record].map(([name, entries]) => [name, sorted(entries)]);
    return JSON.stringify({ format: FORMAT, version: VERSION, ...Object.fromEntries(sections) }, null, indent);
  }

  // Both records in one; of two entries with one name the later one stays, at equal times the old one.
  function merge(old, found) {
    const result = { added: 0, updated: 0, kept: 0 };
    const record = new Map([...old].map(([name, entries]) => [name, new Map(entries)]));
    for (const [section, [when]] of SECTIONS) {
      for (const [id, entry] of found.get(section)) {
        const present = record.get(section).get(id);
        const later = present && Date.parse(entry[when]) > Date.parse(present[when]);
        result[!present ? "added" : later ? "updated" : "kept"] += 1;
        if (!present || later) record.get(section).set(id, entry);
      }
    }
    return { record, result };
  }

  window.llmcourseRecord = { empty, check, read, write, merge };
})();
