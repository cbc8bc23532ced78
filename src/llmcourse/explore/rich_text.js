// The short texts of cards.yml and quiz.yml on the page. study/text.py has made HTML of them, in which nothing but its own
// tags can stand; what a reader writes never comes this way.

// The nodes of such a text, made anew at each call. Typeset them (typeset.js) where they stand.
export function richText(html) {
  const { body } = new DOMParser().parseFromString(html, "text/html");
  return [...body.childNodes].map((node) => document.importNode(node, true));
}
