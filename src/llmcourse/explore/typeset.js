// Formulas in what a widget has put on the page: set by the page's MathJax if it has one. In a notebook the text holds
// MathML already, and nothing is done.

// Typesets the formulas inside `node`, after those of the page itself and one call after another, as MathJax asks for.
// The promise is kept when they stand there, or when there was nothing to do.
export async function typeset(node) {
  if (!window.MathJax || !node.querySelector(".math")) return;
  if (document.readyState !== "complete") await new Promise((done) => addEventListener("load", done, { once: true }));
  await new Promise((done) => setTimeout(done)); // the host puts a new view on the page after render
  const { startup } = window.MathJax;
  if (!startup || !window.MathJax.typesetPromise) return; // MathJax itself could not be loaded
  startup.promise = startup.promise
    .then(() => node.isConnected && window.MathJax.typesetPromise([node]))
    .catch((error) => console.warn(`A formula could not be typeset: ${error.message}`));
  await startup.promise;
  measure({ currentTarget: node });
  node.addEventListener("toggle", measure, true); // what is folded has no width yet
}

// A formula cannot be broken into lines: one that is wider than its column scrolls on a line of its own, and what was bound
// to it goes where there is room.
function measure({ currentTarget }) {
  for (const bound of currentTarget.querySelectorAll(".lc-bound")) {
    if (isWide(bound)) bound.classList.remove("lc-bound");
  }
  for (const formula of currentTarget.querySelectorAll("mjx-container:not(.lc-long)")) {
    if (!isWide(formula)) continue;
    formula.classList.add("lc-long");
    formula.tabIndex = 0; // what scrolls must be reachable by keyboard
  }
}

function isWide(node) {
  let column = node.parentElement;
  while (column && !column.clientWidth) column = column.parentElement; // a span has no width of its own
  return column && node.getBoundingClientRect().width > column.clientWidth;
}
