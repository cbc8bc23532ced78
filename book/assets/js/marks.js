// What a page shows of the reader's record: the button at its foot, the buttons beside exercises, ticks in the contents.
//
// The build leaves an empty place for each (lc_progress.py): <div class="lc-mark" data-page="4.3"> at the foot and
// <div class="lc-mark" data-exercise="1.1.a" data-parts='["1.1.a (i)", …]'> inside an exercise. Without scripts, or without
// the store, nothing stands there. A solved exercise's stored output, "not attempted yet", is taken away.
(function () {
  "use strict";
  const store = window.llmcourseStore;
  if (!store) return;

  const el = (tag, attributes, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  };
  const day = (iso) => new Date(iso).toLocaleDateString("en-US", { day: "numeric", month: "long", year: "numeric" });

  // A button that is on or off, and a line beside it. `show` writes on the button which it is.
  function toggle(place, { isOn, set, show, words }) {
    const line = el("span", { class: "lc-mark-words" });
    const button = el("button", { type: "button", class: "lc-toggle" });
    button.addEventListener("click", () => set(!isOn()));
    place.replaceChildren(button, line);
    return () => {
      button.classList.toggle("lc-on", isOn());
      show(button);
      line.replaceChildren(...words());
    };
  }

  function pageButton(place) {
    const id = place.dataset.page;
    const entry = () => store.get("pages", id);
    const link = place.dataset.progress && el("a", { href: place.dataset.progress }, "Your progress");
    const status = el("span", { class: "lc-said", role: "status" }); // not every screen reader says that a name has changed
    const draw = toggle(place, {
      isOn: () => entry() !== undefined,
      set: (on) => {
        if (on) store.put("pages", id, { read: new Date().toISOString() });
        else store.remove("pages", id);
        status.textContent = on ? "Marked as read." : "No longer marked as read.";
      },
      // The words tell the state and what a click does, so "pressed" must not be said on top of them.
      show: (button) => (button.textContent = entry() ? `Read on ${day(entry().read)} · undo` : "Mark this page as read"),
      words: () => ["Kept in this browser only. ", ...(link ? [link] : [])],
    });
    place.append(status);
    return draw;
  }

  const whenSolved = new Map(); // an exercise's id: a function for the day, or undefined
  function exerciseButton(place) {
    const id = place.dataset.exercise;
    const parts = JSON.parse(place.dataset.parts || "[]");
    const passed = (name) => store.get("exercises", name)?.passed;
    const done = () => parts.filter(passed);
    const when = () => passed(id) ?? (parts.length && done().length === parts.length ? parts.map(passed).sort().at(-1) : undefined);
    whenSolved.set(id, when);
    return toggle(place, {
      isOn: () => when() !== undefined,
      set: (on) => {
        if (on) store.put("exercises", id, { passed: new Date().toISOString() });
        else for (const name of [id, ...parts]) store.remove("exercises", name);
      },
      show(button) {
        button.textContent = "I solved it";
        button.setAttribute("aria-label", `I solved it: exercise ${id}`);
        button.setAttribute("aria-pressed", String(when() !== undefined));
      },
      words: () => [
        when() ? `Solved on ${day(when())}` : done().length ? `${done().length} of ${parts.length} parts passed in your notebook` : "",
      ],
    });
  }

  // The output that the notebook was stored with says of each check that nobody has tried it. Of a solved one that is false.
  function storedVerdicts() {
    const found = [];
    for (const line of document.querySelectorAll(".cell_output > p")) {
      const [, name, id] = /^… ((\d+\.\d+\.[a-z])\b.*?): not attempted yet\./.exec(line.textContent) ?? [];
      if (whenSolved.has(id)) found.push({ line, isPassed: () => Boolean(whenSolved.get(id)() || store.get("exercises", name)) });
    }
    return () => {
      for (const { line, isPassed } of found) line.hidden = isPassed();
      for (const { line } of found) line.parentElement.hidden = [...line.parentElement.children].every((one) => one.hidden);
    };
  }

  // The id of the course's page behind a link, from its address alone: chapters/04_attention/03_softmax.html is 4.3.
  function pageOf(link) {
    const path = decodeURI(new URL(link.getAttribute("href"), location.href).pathname);
    if (path.endsWith("/book/digest/index.html")) return "0";
    const found = /\/chapters\/(\d+)_[^/]+\/(\d+)_[^/]+\.html$/.exec(path);
    return found && `${Number(found[1])}.${Number(found[2])}`;
  }

  function ticks() {
    const read = store.all("pages");
    for (const link of document.querySelectorAll(".bd-docs-nav a.reference, .bd-article dl.lc-parts > dt > a.reference")) {
      const id = pageOf(link);
      const tick = link.querySelector(".lc-tick");
      if (!(id && read[id])) tick?.remove();
      else if (!tick) {
        const words = el("span", { class: "lc-said" }, " (read)");
        link.append(el("span", { class: "lc-tick" }, el("span", { "aria-hidden": "true" }, " ✓"), words));
      }
    }
  }

  const draws = [ticks];
  for (const place of document.querySelectorAll(".lc-mark[data-page]")) draws.push(pageButton(place));
  for (const place of document.querySelectorAll(".lc-mark[data-exercise]")) draws.push(exerciseButton(place));
  draws.push(storedVerdicts());
  const draw = () => draws.forEach((one) => one());
  store.onChange(draw);
  draw();
})();
