// What a page shows of the reader's record: the button at its foot, the buttons beside exercises, ticks in the contents.
//
// The build leaves an empty place for each (lc_progress.py): <div class="lc-mark" data-page="4.3"> at the foot and
// <div class="lc-mark" data-exercise="1.1.a" data-parts='["1.1.a (i)", …]'> inside an exercise. Without scripts, or without
// the store, nothing stands there.
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

  // A button that is on or off, and a line beside it. Its name stays; what changes is whether it is pressed.
  function toggle(place, label, name, { isOn, set, words }) {
    const line = el("span", { class: "lc-mark-words" });
    const button = el("button", { type: "button", class: "lc-toggle", "aria-label": name }, label);
    button.addEventListener("click", () => set(!isOn()));
    place.replaceChildren(button, line);
    return () => {
      button.setAttribute("aria-pressed", String(isOn()));
      line.replaceChildren(...words());
    };
  }

  function pageButton(place) {
    const id = place.dataset.page;
    const entry = () => store.get("pages", id);
    const link = place.dataset.progress && el("a", { href: place.dataset.progress }, "Your progress");
    return toggle(place, "Mark this page as read", "Mark this page as read", {
      isOn: () => entry() !== undefined,
      set: (on) => (on ? store.put("pages", id, { read: new Date().toISOString() }) : store.remove("pages", id)),
      words: () => [entry() ? `Read on ${day(entry().read)}. ` : "", "Kept in this browser only. ", ...(link ? [link] : [])],
    });
  }

  function exerciseButton(place) {
    const id = place.dataset.exercise;
    const parts = JSON.parse(place.dataset.parts || "[]");
    const passed = (name) => store.get("exercises", name)?.passed;
    const done = () => parts.filter(passed);
    const when = () => passed(id) ?? (parts.length && done().length === parts.length ? parts.map(passed).sort().at(-1) : undefined);
    return toggle(place, "I solved it", `I solved it: exercise ${id}`, {
      isOn: () => when() !== undefined,
      set: (on) => {
        if (on) store.put("exercises", id, { passed: new Date().toISOString() });
        else for (const name of [id, ...parts]) store.remove("exercises", name);
      },
      words: () => [
        when() ? `Solved on ${day(when())}` : done().length ? `${done().length} of ${parts.length} parts passed in your notebook` : "",
      ],
    });
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
  const draw = () => draws.forEach((one) => one());
  store.onChange(draw);
  draw();
})();
