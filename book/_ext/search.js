// Order and names of search results. Sphinx puts this text into language_data.js (html_search_scorer), after its own search.
// Its Scorer sees one result without the query and leaves ties to the alphabet, so the list is ordered here, as a whole.
// The text before it ends without a semicolon, hence the first one here.
// Titles come first, then headings and the words of the glossary, then pages that mention the words, then functions.
;(() => {
  const plain = (title) => title.replace(/<[^>]+>/g, "");
  const bare = (title) => plain(title).replace(/^[\d.]+( ·)? /, "").toLowerCase(); // without "5.3. " or "14 · "
  const isCourse = (page) => /^(chapters|book\/digest)\//.test(page);
  const isCode = (page) => page.startsWith("book/api/");
  const inOrder = new Intl.Collator("en", { numeric: true }).compare; // 5.3 before 10.1

  // Whether each word stands at the start of a word: "rag" in "RAG" and "ragged", not in "average"; a plural finds its
  // singular. Names of code have words inside: "RotaryExplorer", "dpo_loss".
  function holder(words) {
    const starts = words.map((word) => new RegExp(`(^|[^\\p{L}\\p{N}])${word.replace(/([^s])s$/, "$1")}`, "iu"));
    const apart = (text) => `${text} ${text.replace(/\p{Ll}(?=\p{Lu})/gu, "$& ")}`;
    return (text) => starts.length > 0 && starts.every((start) => start.test(apart(plain(text))));
  }

  // Sphinx lists a section only if the query is half of its title; here it is enough that the title holds the words.
  function sections(holds) {
    const { alltitles, titles, docnames, filenames } = Search._index;
    return Object.entries(alltitles)
      .filter(([title]) => holds(title))
      .flatMap(([title, places]) => places.filter(([, id]) => id).map(([file, id]) => [docnames[file], title, `#${id}`, plain(titles[file]), 0, filenames[file]]));
  }

  // The pages that hold all words, and the place of each: the smaller, the more of its headings or of its text is about them.
  // The index names the pages of a word in this order (lc_search.py). A word that is not there stands for those it begins.
  function mentions(stems) {
    const { docnames, terms, titleterms } = Search._index;
    const tables = [titleterms, terms];
    const [first = [], ...others] = [...stems].map((stem) => {
      const isWhole = tables.some((table) => Object.hasOwn(table, stem));
      const fits = (word) => (isWhole ? word === stem : word.startsWith(stem));
      return [...new Set(tables.flatMap((table) => Object.keys(table).filter(fits).flatMap((word) => table[word])))];
    });
    const inAll = first.filter((file) => others.every((files) => files.includes(file)));
    return new Map(inAll.map((file) => [docnames[file], others.reduce((sum, files) => sum + files.indexOf(file), first.indexOf(file))]));
  }

  // [page, title, anchor, description, …] with a title and a description for readers, and its rank: one without is not shown.
  function named(result, query, holds, terms, mentioned) {
    const [page, title, anchor, description, , file] = result;
    const titled = (name, rank) => holds(name) && rank + (bare(name) === query ? 15 : 0);
    const term = terms.get(anchor);
    if (term) return [page, term, anchor, "glossary", titled(term, 75), file];
    if (anchor.startsWith("#llmcourse.")) {
      const parts = anchor.split(".");
      const name = parts.slice(/^#?[A-Z]/.test(parts.at(-2)) ? -2 : -1).join(".");
      const kind = (description ?? "").replace(/^Python (\w+).*$/, "$1");
      return [page, name, anchor, kind || "code", parts.at(-1).toLowerCase() === query ? 65 : holds(name) ? 25 : holds(anchor) && 10, file];
    }
    if (anchor.startsWith("#module-")) return [page, anchor.slice(8), anchor, "module", holds(anchor) && 24, file];
    if (anchor) {
      const name = title.split(" > ").at(-1);
      return [page, name, anchor, description ?? title.split(" > ")[0], titled(name, isCourse(page) ? 80 : 76), file];
    }
    const told = mentioned.has(page) && (isCode(page) ? 5 : isCourse(page) ? 70 : 40);
    return [page, title, anchor, null, titled(title, isCode(page) ? 72 : isCourse(page) ? 100 : 95) || told, file];
  }

  const search = Search._performSearch;
  Search._performSearch = (text, stems, ...parsed) => {
    const { docnames, indexentries, titles } = Search._index;
    const query = text.toLowerCase().trim();
    const holds = holder(splitQuery(query).filter((word) => !stopwords.includes(word)));
    const mentioned = mentions(stems);
    const terms = new Map(); // anchor in the glossary -> the word
    for (const [entry, places] of Object.entries(indexentries))
      for (const [, id] of places) if (id.startsWith("term-")) terms.set(`#${id}`, entry);
    const best = new Map();
    for (const result of [...search(text, stems, ...parsed).reverse(), ...sections(holds)]) {
      const one = named(result, query, holds, terms, mentioned);
      const address = one[0] + one[2];
      const kept = best.get(address);
      if (one[4] && (!kept || one[4] > kept[4] || (one[4] === kept[4] && kept[3] === "code"))) best.set(address, one);
    }
    // Sphinx shows the last first. Where ranks are equal, the pages that say most come first, then the order of the course.
    const place = ([page]) => mentioned.get(page) ?? 1e9;
    const name = ([page, title]) => plain(`${titles[docnames.indexOf(page)]} ${title}`);
    return [...best.values()].sort((a, b) => a[4] - b[4] || place(b) - place(a) || inOrder(name(b), name(a)));
  };
})();
