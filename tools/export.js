// Turns the article of a built page into something that stands alone: one part of the printed book, or a chapter of the EPUB.
// Runs in a browser, in a page that has loaded the site's MathJax; the pages themselves are parsed and never run.
//
//   exportPage(html, { page, known, live, target })
//     page      "chapters/04_attention/03_softmax"
//     known     the pages that are part of the export; links to others become plain text
//     live      a selector of what lives on the site and is a picture here: files PAGE-0.png, PAGE-1.png …
//     target    "print": ids and links for one long document, TeX left for MathJax; "epub": a file of its own, MathML
// The result: { title, body, headings: [{ level, text, id }], math, svg, images }.
(() => {
  "use strict";
  const SITE = "file:///site/";
  const NOT_FOR_PAPER = "script, noscript, .headerlink, .lc-audio, .lc-waiting, .copybtn, .toctree-wrapper, .lc-whole-quiz";
  const REFERENCES = ["for", "headers", "aria-labelledby", "aria-describedby", "aria-controls", "aria-owns"];
  const OBSOLETE = ["align", "valign", "border", "bgcolor", "cellpadding", "cellspacing", "nowrap", "summary", "inert"];
  const slug = (page) => page.replace(/[^\w.-]+/g, "-");

  window.exportPage = (html, { page, known, live, target }) => {
    const doc = new DOMParser().parseFromString(html, "text/html");
    const article = doc.querySelector("article");
    const epub = target === "epub";
    exchangeLive(doc, article, page, live);
    for (const one of article.querySelectorAll(NOT_FOR_PAPER)) one.remove();
    unfold(doc, article, epub);
    const prefix = epub ? "" : `${slug(page)}--`;
    if (!epub) prefixIds(article, prefix);
    const link = (to, hash) => (epub ? `${slug(to)}.xhtml${hash}` : hash ? `#${slug(to)}--${hash.slice(1)}` : `#${slug(to)}`);
    relink(doc, article, page, new Set(known), link);
    const math = epub ? toMathML(doc, article) : 0;
    if (epub) clean(article);
    const headings = [...article.querySelectorAll("h1, h2")].map((one) => ({
      level: Number(one.tagName[1]),
      text: one.textContent.trim().replace(/\s+/g, " "),
      id: one.closest("section[id]")?.id ?? "",
    }));
    const images = [...article.querySelectorAll("img[src]")].map((one) => one.getAttribute("src"));
    const serializer = new XMLSerializer();
    const body = [...article.childNodes].map((node) => serializer.serializeToString(node)).join("");
    return { title: headings[0]?.text ?? page, body, headings, math, svg: article.querySelectorAll("svg").length, images };
  };

  function exchangeLive(doc, article, page, live) {
    [...article.querySelectorAll(live)].forEach((one, number) => {
      const image = doc.createElement("img");
      image.src = `${slug(page)}-${number}.png`;
      image.alt = one.getAttribute("aria-label") || one.querySelector(".lc-static")?.textContent.trim().replace(/\s+/g, " ").slice(0, 600) || "";
      one.replaceWith(image);
    });
    for (const one of article.querySelectorAll("img[src]")) {
      const source = one.getAttribute("src");
      if (!/^[\w.-]+\.png$/.test(source)) one.setAttribute("src", new URL(source, `${SITE}${page}.html`).href.replace(SITE, "site/"));
    }
  }

  // Hints, solutions and folded code are open on paper, under the words that they were folded behind.
  function unfold(doc, article, epub) {
    for (const summary of article.querySelectorAll("details > summary")) {
      if (!summary.querySelector(".collapsed")) continue;
      const words = summary.querySelector(".collapsed").textContent.trim().replace(/^Show (the )?/, "");
      summary.textContent = words.charAt(0).toUpperCase() + words.slice(1); // "Show the code" offers what is there already
    }
    for (const fold of article.querySelectorAll("details")) {
      if (!epub) {
        fold.open = true;
        continue;
      }
      const box = doc.createElement("div");
      box.className = `${fold.className} unfolded`.trim();
      if (fold.id) box.id = fold.id;
      for (const child of [...fold.childNodes]) {
        if (child.nodeName === "SUMMARY") {
          const title = doc.createElement("p");
          title.className = "unfolded-title";
          title.append(...child.childNodes);
          box.append(title);
        } else box.append(child);
      }
      fold.replaceWith(box);
    }
    for (const hint of article.querySelectorAll(".toggle, .dropdown")) hint.classList.remove("toggle", "dropdown");
  }

  // Ids of different pages may be alike (figures, sections): in one long document each gets its page in front.
  function prefixIds(article, prefix) {
    for (const one of article.querySelectorAll("[id]")) one.id = prefix + one.id;
    const inside = (text) => text.replace(/url\((['"]?)#/g, `url($1#${prefix}`);
    for (const one of article.querySelectorAll("*")) {
      for (const { name, value } of [...one.attributes]) {
        if (REFERENCES.includes(name)) one.setAttribute(name, value.split(/\s+/).map((id) => prefix + id).join(" "));
        else if (value.includes("url(")) one.setAttribute(name, inside(value));
        else if (one.closest("svg") && name.endsWith("href") && value.startsWith("#")) one.setAttribute(name, `#${prefix}${value.slice(1)}`);
      }
    }
    for (const style of article.querySelectorAll("svg style")) style.textContent = inside(style.textContent);
  }

  function relink(doc, article, page, known, link) {
    for (const one of article.querySelectorAll("a[href]")) {
      const address = new URL(one.getAttribute("href"), `${SITE}${page}.html`);
      if (one.closest("svg")) continue;
      if (address.protocol !== "file:") continue; // another site, or a letter
      const to = decodeURI(address.pathname).replace(/^\/site\//, "").replace(/\.html$/, "");
      if (known.has(to)) one.setAttribute("href", to === page && address.hash && !link("", "").startsWith("#") ? address.hash : link(to, address.hash));
      else one.replaceWith(...one.childNodes);
    }
  }

  // TeX to MathML by MathJax itself, with the site's macros; the TeX stays as the text for readers that know no MathML.
  function toMathML(doc, article) {
    const formulas = [...article.querySelectorAll(".math")];
    for (const one of formulas) {
      const source = one.textContent.trim();
      const match = source.match(/^\\\((.*)\\\)$/s) || source.match(/^\\\[(.*)\\\]$/s) || [null, source];
      const display = one.nodeName === "DIV";
      const number = one.querySelector(".eqno");
      number?.remove();
      const tex = number ? one.textContent.trim().replace(/^\\\[|\\\]$/g, "") : match[1];
      const parsed = new DOMParser().parseFromString(MathJax.tex2mml(tex, { display }), "application/xml").documentElement;
      if (parsed.querySelector("merror, parsererror")) throw new Error(`MathJax cannot set ${tex}`);
      for (const node of [parsed, ...parsed.querySelectorAll("*")]) {
        for (const { name } of [...node.attributes]) if (name.startsWith("data-")) node.removeAttribute(name);
      }
      parsed.setAttribute("alttext", tex.replace(/\s+/g, " ").trim());
      one.replaceChildren(...(number ? [number] : []), doc.importNode(parsed, true));
    }
    return formulas.length;
  }

  // What XHTML readers and epubcheck do not take.
  function clean(article) {
    for (const one of article.querySelectorAll("*")) {
      for (const name of OBSOLETE) if (!one.closest("svg, math") || name === "inert") one.removeAttribute(name);
      for (const { name } of [...one.attributes]) if (/^(data-|on)/.test(name)) one.removeAttribute(name);
    }
    for (const one of article.querySelectorAll("table [width], col")) one.removeAttribute("width");
    for (const one of article.querySelectorAll('[role="doc-biblioentry"], [role="doc-bibliography"]')) one.removeAttribute("role");
  }
})();
