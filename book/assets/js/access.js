// A formula or figure that is wider than its line can be scrolled with the keyboard too, and fades where it goes on.
(() => {
  const fade = (box) => box.classList.toggle("lc-more", box.scrollLeft + box.clientWidth < box.scrollWidth - 2);
  const mark = () => {
    for (const formula of document.querySelectorAll(".bd-article span.math")) {
      const line = formula.closest("p, li, dd, dt, td, th, figcaption, div");
      const content = formula.querySelector("mjx-container svg") ?? formula;
      formula.classList.toggle("lc-wide", content.getBoundingClientRect().width > line.clientWidth + 1); // which is rounded
    }
    for (const box of document.querySelectorAll('mjx-container[display="true"], .lc-figure, .bd-article span.math')) {
      const scrolls = box.scrollWidth > box.clientWidth + 1 && getComputedStyle(box).overflowX === "auto";
      if (scrolls || box.classList.contains("lc-wide")) {
        box.tabIndex = 0;
        if (!box.lcWatched) box.addEventListener("scroll", () => fade(box), { passive: true });
        box.lcWatched = true;
        fade(box);
      } else {
        box.removeAttribute("tabindex");
        box.classList.remove("lc-more");
      }
    }
  };
  addEventListener("load", () => (window.MathJax?.startup?.promise ?? Promise.resolve()).then(mark));
  addEventListener("resize", mark);
})();

// Buttons say what they do: a fold is called by its title, the color button says which mode is on.
addEventListener("DOMContentLoaded", () => {
  for (const button of document.querySelectorAll(".admonition-title > .toggle-button")) {
    button.setAttribute("aria-label", button.parentElement.textContent.trim());
  }
  const root = document.documentElement;
  const modes = { light: "light", dark: "dark", auto: "as the system" };
  const say = () => {
    for (const button of document.querySelectorAll(".theme-switch-button")) {
      button.setAttribute("aria-label", `Colors: ${modes[root.dataset.mode] ?? "as the system"}`);
    }
  };
  say();
  new MutationObserver(say).observe(root, { attributes: true, attributeFilter: ["data-mode"] });
});

// A drawer closes when a place inside the page is chosen; otherwise focus goes back to the button that opened it.
for (const [drawer, button] of [["primary", ".primary-toggle"], ["secondary", ".secondary-toggle"]]) {
  const dialog = document.getElementById(`pst-${drawer}-sidebar-modal`);
  let leaving = false;
  dialog?.addEventListener("click", ({ target }) => {
    if (!target.closest('a[href^="#"]')) return;
    leaving = true;
    dialog.close();
  });
  dialog?.addEventListener("close", () => {
    if (!leaving) setTimeout(() => document.querySelector(button)?.focus({ preventScroll: true }));
    leaving = false;
  });
}

// Paper is white: print in the light theme, with every fold open and every plot drawn.
(() => {
  const root = document.documentElement;
  let theme = null;
  let folded = [];
  addEventListener("beforeprint", () => {
    theme = root.dataset.theme;
    root.dataset.theme = "light";
    folded = [...document.querySelectorAll(".bd-article details:not([open])")];
    for (const fold of folded) fold.open = true;
  });
  addEventListener("afterprint", () => {
    if (theme) root.dataset.theme = theme;
    for (const fold of folded) fold.open = false;
    folded = [];
  });
})();
