// A formula that is wider than its line can be scrolled with the keyboard too.
(() => {
  const mark = () => {
    for (const box of document.querySelectorAll('mjx-container[display="true"], .lc-figure, .bd-article span.math')) {
      if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  };
  addEventListener("load", () => (window.MathJax?.startup?.promise ?? Promise.resolve()).then(mark));
  addEventListener("resize", mark);
})();

// A drawer closes when a place inside the page is chosen, and focus goes back to the button that opened it.
(() => {
  for (const drawer of document.querySelectorAll("dialog")) {
    let opener = null;
    new MutationObserver(() => {
      if (drawer.open && document.activeElement && !drawer.contains(document.activeElement)) opener = document.activeElement;
    }).observe(drawer, { attributes: true, attributeFilter: ["open"] });
    document.addEventListener("click", ({ target }) => {
      const button = target.closest?.("button, .btn");
      if (button && !drawer.contains(button)) opener = button;
    }, true);
    drawer.addEventListener("click", ({ target }) => {
      if (target.closest?.('a[href^="#"]')) drawer.close();
    });
    drawer.addEventListener("close", () => opener?.isConnected && opener.focus());
  }
})();

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
