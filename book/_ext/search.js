// Order and names of search results. Sphinx puts this text into language_data.js (html_search_scorer), after its own search.
// The text before it ends without a semicolon, hence the first one here.
// The pages of the chapters come first, then the words of the glossary, then functions; each place is listed once.
;(() => {
  const plain = (title) => title.replace(/<[^>]+>/g, "");
  const isChapter = (page) => page.startsWith("chapters/");
  const isCode = (page) => page.startsWith("book/api/");

  // Sphinx lists a section only if the query is half of its title; here it is enough that the title holds the words.
  function sections(words) {
    const { alltitles, titles, docnames, filenames } = Search._index;
    return Object.entries(alltitles)
      .filter(([title]) => words.every((word) => title.toLowerCase().includes(word)))
      .flatMap(([title, places]) => places.filter(([, id]) => id).map(([file, id]) => [docnames[file], title, `#${id}`, plain(titles[file]), 0, filenames[file]]));
  }

  // [page, title, anchor, description, …] with a title and a description for readers, and its rank.
  function named(result, query, words, terms) {
    const [page, title, anchor, description, , file] = result;
    const holds = (text) => words.every((word) => plain(text).toLowerCase().includes(word));
    const term = terms.get(anchor);
    if (term) return [page, term, anchor, "glossary", term === query ? 90 : 60, file];
    if (anchor.startsWith("#llmcourse.")) {
      const parts = anchor.split(".");
      const name = parts.slice(/^#?[A-Z]/.test(parts.at(-2)) ? -2 : -1).join(".");
      const kind = (description ?? "").replace(/^Python (\w+).*$/, "$1");
      return [page, name, anchor, kind || "code", parts.at(-1).toLowerCase() === query ? 65 : holds(name) ? 25 : 10, file];
    }
    if (anchor.startsWith("#module-")) return [page, anchor.slice(8), anchor, "module", holds(anchor) ? 24 : 9, file];
    if (anchor) return [page, title.split(" > ").at(-1), anchor, description ?? title.split(" > ")[0], isChapter(page) ? 80 : 30, file];
    const found = holds(title);
    return [page, title, anchor, null, isCode(page) ? (found ? 32 : 5) : isChapter(page) ? (found ? 100 : 70) : found ? 95 : 40, file];
  }

  const search = Search._performSearch;
  Search._performSearch = (text, ...parsed) => {
    const query = text.toLowerCase().trim();
    const words = splitQuery(query);
    const terms = new Map(); // anchor in the glossary -> the word
    for (const [entry, places] of Object.entries(Search._index.indexentries))
      for (const [, id] of places) if (id.startsWith("term-")) terms.set(`#${id}`, entry);
    const best = new Map();
    for (const result of [...search(text, ...parsed).reverse(), ...sections(words)]) {
      const one = named(result, query, words, terms);
      const address = one[0] + one[2];
      const kept = best.get(address);
      if (!kept || one[4] > kept[4] || (one[4] === kept[4] && kept[3] === "code")) best.set(address, one);
    }
    // Sphinx shows the last first; where ranks are equal, pages stand in the order of the course.
    return [...best.values()].sort((a, b) => a[4] - b[4] || (plain(a[1]) < plain(b[1]) ? 1 : -1));
  };
})();
