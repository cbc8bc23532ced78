// Where a browser refuses localStorage (cookies blocked, a sandboxed frame), even naming it throws an error. The theme does so
// in the page's head and in its scripts, which then stop halfway: the color button is dead, wide code cannot be scrolled by
// keyboard. So this classic script stands first in the head. It puts a storage of this page alone in the place of the refused
// one, and leaves a flag: store.js must know that nothing is kept, and tell the reader.
(function () {
  "use strict";
  try {
    localStorage.getItem("");
  } catch {
    const values = new Map();
    const value = {
      getItem: (key) => values.get(String(key)) ?? null,
      setItem: (key, text) => void values.set(String(key), String(text)),
      removeItem: (key) => void values.delete(String(key)),
      clear: () => values.clear(),
      key: (n) => [...values.keys()][n] ?? null,
      get length() {
        return values.size;
      },
    };
    Object.defineProperty(window, "localStorage", { configurable: true, value });
    window.llmcourseStorageBlocked = true;
  }
})();
