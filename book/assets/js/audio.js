// The transcript follows the voice: the sentence being spoken is marked, and a click on a sentence goes there.
(() => {
  "use strict";
  const alone = new Set(); // one voice at a time
  for (const box of document.querySelectorAll(".lc-audio[data-audio]")) {
    const sound = box.querySelector("audio");
    const sentences = [...box.querySelectorAll("span[data-begin]")];
    const jumps = [...box.querySelectorAll("button[data-begin]")];
    const begins = (nodes) => nodes.map((node) => Number(node.dataset.begin));
    const [spoken, parts] = [begins(sentences), begins(jumps)];
    alone.add(sound);

    // The last of `times` that is not after now; the small lead lets a jump land inside its own sentence.
    const current = (times) => times.findLastIndex((time) => time <= sound.currentTime + 0.05);

    function follow() {
      const now = current(spoken);
      const over = now < 0 || sound.currentTime > Number(sentences[now].dataset.end) + 0.5;
      sentences.forEach((one, i) => one.classList.toggle("lc-spoken", i === now && !over));
      const part = current(parts);
      jumps.forEach((one, i) => (i === part ? one.setAttribute("aria-current", "true") : one.removeAttribute("aria-current")));
    }

    // A recording that has not been loaded takes a new time only once its length is known.
    function go(time) {
      const move = () => {
        sound.currentTime = time;
        follow();
      };
      if (sound.readyState > 0) move();
      else sound.addEventListener("loadedmetadata", move, { once: true });
      sound.play().catch(() => {}); // refused by the browser, or stopped at once: the controls stay
    }

    for (const event of ["timeupdate", "seeked", "ended"]) sound.addEventListener(event, follow);
    sound.addEventListener("play", () => alone.forEach((other) => other !== sound && other.pause()));
    jumps.forEach((one) => one.addEventListener("click", () => go(Number(one.dataset.begin))));
    sentences.forEach((one) => one.addEventListener("click", () => getSelection().isCollapsed && go(Number(one.dataset.begin))));
  }
})();
