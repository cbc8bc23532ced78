// A formula that is wider than its line can be scrolled with the keyboard too.
(() => {
  const mark = () => {
    for (const box of document.querySelectorAll('mjx-container[display="true"], .lc-figure')) {
      if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  };
  addEventListener("load", () => (window.MathJax?.startup?.promise ?? Promise.resolve()).then(mark));
  addEventListener("resize", mark);
})();
