// The gallery shows by itself when a picture that is under way has ended.
import { watch } from "./watch.js";

const waiting = [...document.querySelectorAll("[data-watch]")].slice(0, 4);
for (const card of waiting) {
  watch(card.dataset.watch, (state) => {
    const label = card.querySelector(".state");
    if (label && state.status === "running") {
      label.textContent = state.progress.tiles ? `${Math.floor(state.progress.fraction * 100)} %` : "Being restored";
    }
  }).then(() => location.reload());
}
