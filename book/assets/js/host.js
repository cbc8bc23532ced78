// Brings the widgets of a page to life without a kernel: <div class="lc-widget" data-widget="NAME" …>.
//
// A classic script, because it must also work on a page opened as a file: there, import "./x.js" and fetch() fail, while
// classic scripts and import() of a blob URL work. Each widget is loaded when it comes near the screen:
//   NAME.widget.js  sets llmcourseWidgets["NAME"] to the text of an ES module whose default export has render({ model, el })
//   ASSET.js        calls llmcourseData("ASSET", value); the value becomes the trait named in data-assets
// A view that needs more data later asks model.load("ASSET") for it, a promise of the value. In a notebook there is no such
// method: there Python sets the trait. model.source is the module's own text, for a worker; a notebook has it as a trait.
// model.store is the reader's record on this device (store.js), which a notebook has not.
// The static picture inside the div stays until its widget is ready, and stays for good, under a message, if that fails.
(function () {
  "use strict";
  if (window.llmcourseHost) return;

  const here = document.currentScript;
  const root = new URL("../", here.src); // this file lies in js/, beside data/ and widgets/
  const folder = (name) => new URL(here.dataset[name] || `${name}/`, here.dataset[name] ? document.baseURI : root);
  const folders = { widgets: folder("widgets"), data: folder("data") };
  const sources = (window.llmcourseWidgets = window.llmcourseWidgets || {});
  const values = new Map();
  const scripts = new Map();
  const modules = new Map();
  const mounted = new Map();
  window.llmcourseData = (name, value) => values.set(name, value);

  function loadScript(url) {
    if (!scripts.has(url)) {
      const loading = new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = url;
        script.onload = () => resolve();
        script.onerror = () => {
          script.remove();
          scripts.delete(url);
          reject(new Error(`the file ${url.split("/").slice(-2).join("/")} could not be loaded`));
        };
        document.head.append(script);
      });
      scripts.set(url, loading);
    }
    return scripts.get(url);
  }

  async function asset(name) {
    if (!values.has(name)) await loadScript(new URL(`${name}.js`, folders.data).href);
    if (!values.has(name)) throw new Error(`the data file ${name}.js does not hold "${name}"`);
    return values.get(name);
  }

  async function moduleOf(name) {
    if (!modules.has(name)) {
      if (!(name in sources)) await loadScript(new URL(`${name}.widget.js`, folders.widgets).href);
      if (!(name in sources)) throw new Error(`no widget is named "${name}"`);
      const url = URL.createObjectURL(new Blob([sources[name]], { type: "text/javascript" }));
      const loading = import(url).finally(() => URL.revokeObjectURL(url));
      modules.set(name, loading);
      loading.catch(() => modules.delete(name));
    }
    return (await modules.get(name)).default;
  }

  const equal = (a, b) => a === b || (typeof a === "object" && typeof b === "object" && JSON.stringify(a) === JSON.stringify(b));

  // The part of a notebook's widget model that a view uses, without a kernel behind it.
  class Model {
    constructor(state) {
      this.state = state;
      this.listeners = [];
    }
    get(key) {
      return this.state[key];
    }
    set(key, value) {
      const changes = typeof key === "object" ? key : { [key]: value };
      const changed = Object.keys(changes).filter((name) => !equal(this.state[name], changes[name]));
      Object.assign(this.state, changes);
      for (const name of changed) this.emit(`change:${name}`, changes[name]);
      if (changed.length) this.emit("change");
    }
    on(events, listener) {
      for (const event of events.split(" ")) this.listeners.push([event, listener]);
    }
    off(events, listener) {
      const gone = events ? events.split(" ") : null;
      this.listeners = this.listeners.filter(([e, l]) => (gone && !gone.includes(e)) || (listener && l !== listener));
    }
    emit(event, value) {
      for (const [e, listener] of [...this.listeners]) if (e === event) listener(this, value);
    }
    save_changes() {}
  }

  async function mount(div) {
    if (mounted.has(div)) return mounted.get(div).ready;
    const entry = { picture: [...div.childNodes], cleanup: null, gone: false };
    mounted.set(div, entry);
    if (near) near.unobserve(div); // one that is taken down again stays down until it is asked for
    entry.ready = (async () => {
      try {
        const state = JSON.parse(div.querySelector('script[type="application/json"]').textContent);
        const assets = Object.entries(JSON.parse(div.dataset.assets || "{}"));
        const [widget] = await Promise.all([
          moduleOf(div.dataset.widget),
          ...assets.map(async ([trait, name]) => (state[trait] = await asset(name))),
        ]);
        if (entry.gone) return;
        const model = new Model(state);
        model.load = asset;
        model.source = sources[div.dataset.widget];
        model.store = window.llmcourseStore;
        const el = document.createElement("div");
        entry.cleanup = await widget.render({ model, el });
        if (entry.gone) return finish(entry);
        div.replaceChildren(el);
        div.lcModel = model;
        div.dataset.ready = "true";
      } catch (error) {
        if (entry.gone) return;
        const note = document.createElement("p");
        note.className = "lc-error";
        note.setAttribute("role", "alert");
        note.textContent = `This widget could not start: ${error.message}. Below is a picture of its starting state.`;
        div.replaceChildren(note, ...entry.picture);
        div.dataset.ready = "error";
      }
    })();
    return entry.ready;
  }

  function finish(entry) {
    if (typeof entry.cleanup === "function") entry.cleanup();
    entry.cleanup = null;
  }

  // Takes a widget down again: its clean-up runs and the static picture returns. It may be mounted anew.
  function unmount(div) {
    const entry = mounted.get(div);
    if (!entry) return;
    entry.gone = true;
    mounted.delete(div);
    finish(entry);
    delete div.lcModel;
    delete div.dataset.ready;
    div.replaceChildren(...entry.picture);
  }

  const near =
    "IntersectionObserver" in window &&
    new IntersectionObserver(
      (entries) => {
        for (const entry of entries) {
          if (entry.isIntersecting) mount(entry.target);
        }
      },
      { rootMargin: "400px" },
    );

  // Watches every widget in `part` that is not alive yet. Called once by itself; call it again after adding widgets.
  function scan(part = document) {
    for (const div of part.querySelectorAll(".lc-widget[data-widget]")) {
      if (mounted.has(div)) continue;
      if (near) near.observe(div);
      else mount(div);
    }
  }

  window.llmcourseHost = { scan, mount, unmount, Model };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => scan());
  else scan();
})();
