// Draws each .lc-plotly figure when it comes near the window, in the colors of the reader's theme.
(() => {
  const root = new URL("../", document.currentScript.src);
  const { light, dark } = window.llmcoursePalette;
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let library;

  const loadPlotly = () =>
    (library ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = new URL("plotly/plotly.min.js", root);
      script.onload = () => resolve(window.Plotly);
      script.onerror = () => reject(new Error("plotly.min.js did not load"));
      document.head.append(script);
    }));

  const colors = () => (document.documentElement.dataset.theme === "dark" ? dark : light);

  // The figure was drawn with the light values; exchange exactly these.
  function inTheme(text) {
    const now = colors();
    for (const [name, value] of Object.entries(light)) text = text.replaceAll(value, now[name]);
    return JSON.parse(text);
  }

  function template() {
    const c = colors();
    const axis = { gridcolor: c.rule, linecolor: c.soft, zerolinecolor: c.rule, tickcolor: c.soft, automargin: true };
    const font = getComputedStyle(document.documentElement).getPropertyValue("--lc-sans") || "sans-serif";
    return {
      layout: {
        colorway: ["c1", "c2", "c3", "c4", "c5", "c6"].map((name) => c[name]),
        font: { color: c.ink, family: font, size: 14 },
        paper_bgcolor: "rgba(0,0,0,0)",
        plot_bgcolor: "rgba(0,0,0,0)",
        hoverlabel: { bgcolor: c.panel, font: { color: c.ink } },
        margin: { l: 60, r: 20, t: 30, b: 50 },
        xaxis: axis,
        yaxis: axis,
      },
    };
  }

  async function draw(box) {
    const Plotly = await loadPlotly();
    const { data, layout = {}, frames = [], config = {} } = inTheme(box.lcFigure);
    if (calm.matches) for (const frame of layout.updatemenus ?? []) frame.visible = false; // no play button
    const canvas = box.querySelector(".lc-plotly-canvas");
    canvas.querySelector(".lc-plotly-words")?.remove();
    const options = { displayModeBar: false, responsive: true, ...config };
    // A finger that crosses a plot scrolls the page.
    if (matchMedia("(pointer: coarse)").matches) layout.dragmode = false;
    await Plotly.newPlot(canvas, { data, layout: { ...layout, template: template(), width: undefined }, frames, config: options });
    box.dataset.ready = "true";
  }

  const boxes = [...document.querySelectorAll(".lc-plotly")];
  for (const box of boxes) {
    const source = box.querySelector('script[type="application/json"]');
    box.lcFigure = source.textContent;
    const canvas = document.createElement("div");
    canvas.className = "lc-plotly-canvas";
    canvas.style.height = `${JSON.parse(box.lcFigure).layout?.height ?? 380}px`;
    const words = document.createElement("p"); // what the figure shows, until it shows it
    words.className = "lc-plotly-words";
    words.textContent = box.getAttribute("aria-label");
    canvas.append(words);
    box.append(canvas);
  }
  const report = (box) => (error) => {
    box.dataset.ready = "error";
    const text = `This figure could not be drawn (${error.message}). It shows: ${box.getAttribute("aria-label")}`;
    box.querySelector(".lc-plotly-canvas").textContent = text;
  };
  const watch = new IntersectionObserver(
    (entries) =>
      entries.filter((entry) => entry.isIntersecting).forEach(({ target }) => {
        watch.unobserve(target);
        draw(target).catch(report(target));
      }),
    { rootMargin: "400px" },
  );
  boxes.forEach((box) => watch.observe(box));
  addEventListener("beforeprint", () => boxes.filter((box) => !box.dataset.ready).forEach((box) => draw(box).catch(report(box))));
  new MutationObserver(() => boxes.filter((box) => box.dataset.ready).forEach((box) => draw(box).catch(report(box)))).observe(
    document.documentElement,
    { attributes: true, attributeFilter: ["data-theme"] },
  );
})();
