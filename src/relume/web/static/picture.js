// One picture: watched while it is being restored; compared, zoomed into and examined when it is done.
import { easel } from "./marks.js";
import { sizes, tasks } from "./tasks.js";
import { watch } from "./watch.js";

const root = document.getElementById("picture");
if (root.dataset.watch) follow();
else if (root.dataset.status === "done") compare();

async function follow() {
  const at = root.dataset.at;
  const screen = document.getElementById("screen");
  let shown = "";
  let heard = "";
  const seen = new Set();
  const end = await watch(root.dataset.watch, (state) => {
    const bar = document.getElementById("bar");
    if (state.progress.tiles) bar.value = state.progress.fraction;
    const words = inWords(state);
    document.getElementById("words").textContent = words;
    document.getElementById("left").textContent = timeLeft(state.progress.seconds_left);
    const stage = state.status + state.progress.stage + Math.floor(state.progress.fraction * 4);
    if (stage !== heard) document.getElementById("heard").textContent = words;
    heard = stage;
    const views = new Set(state.views);
    if (views.has("live")) show(`${at}/view/live.jpg?${state.progress.tiles_done}`, false);
    else if (views.has("before")) show(`${at}/view/before.jpg`, true);
    for (const scale of [2, 3, 4]) if (views.has(`detail-${scale}`)) detail(scale);
  });
  if (end === null) location.assign("/gallery");
  else location.reload();

  function show(source, dim) {
    if (source === shown) return;
    shown = source;
    const image = new Image();
    image.src = source;
    image.alt = dim ? "The picture, not yet restored" : "The picture as far as it is restored";
    image.className = dim ? "dim" : "";
    image.decode().then(() => {
      if (shown !== source && !screen.classList.contains("empty")) return;
      screen.classList.remove("empty");
      screen.replaceChildren(image);
    }, () => {});
  }

  function detail(scale) {
    if (seen.has(scale)) return;
    seen.add(scale);
    const steps = document.getElementById("steps");
    if (steps.children.length >= scale - 1) return;
    const item = document.createElement("li");
    const figure = document.createElement("figure");
    const image = new Image();
    image.src = `${at}/view/detail-${scale}.jpg`;
    image.alt = `The detail, ${scale} times as large`;
    const caption = document.createElement("figcaption");
    caption.textContent = `${scale} times`;
    figure.append(image, caption);
    item.append(figure);
    steps.append(item);
    document.getElementById("growing").hidden = false;
  }
}

function inWords({ status, position, progress }) {
  if (status === "queued") return position ? `Waiting, ${position} before it` : "Next in line";
  if (progress.stage === "opening") return "Opening the picture";
  if (progress.stage === "finishing" || progress.fraction === 1) return "Putting it together";
  if (!progress.tiles) return "Being restored";
  return `Being restored, ${Math.floor(progress.fraction * 100)} %`;
}

function timeLeft(seconds) {
  if (seconds === null || seconds < 1) return "";
  if (seconds < 90) return `about ${Math.ceil(seconds)} s left`;
  return `about ${Math.ceil(seconds / 60)} min left`;
}

function compare() {
  const slider = document.querySelector("img-comparison-slider");
  slider.setAttribute("role", "slider");
  slider.setAttribute("aria-label", "Before and after: move the divider");
  slider.setAttribute("aria-valuemin", "0");
  slider.setAttribute("aria-valuemax", "100");
  const announce = () => {
    const value = Math.round(slider.value ?? 50);
    slider.setAttribute("aria-valuenow", String(value));
    slider.setAttribute("aria-valuetext", `${value} % before, ${100 - value} % after`);
  };
  slider.addEventListener("slide", announce);
  slider.addEventListener("keydown", (event) => {
    const edge = { Home: 0, End: 100 }[event.key];
    if (edge === undefined) return;
    event.preventDefault();
    slider.value = edge;
    announce();
  });
  announce();
  tabs();
  waitForZoom();
  const form = document.getElementById("differently");
  if (!form) return;
  const { wide, high } = form.dataset;
  tasks(form, true);
  sizes(form, { width: Number(wide), height: Number(high) });
  easel(form, () => ({ source: `${root.dataset.at}/view/before.jpg`, width: Number(wide), height: Number(high) }));
}

function tabs() {
  const all = [...document.querySelectorAll("#ways [role=tab]")];
  const select = (tab) => {
    for (const other of all) {
      const chosen = other === tab;
      other.setAttribute("aria-selected", String(chosen));
      other.tabIndex = chosen ? 0 : -1;
      document.getElementById(other.getAttribute("aria-controls")).hidden = !chosen;
    }
    if (tab.id === "tab-zoom") openZoom();
    const late = document.querySelector(`#${tab.getAttribute("aria-controls")} img[data-src]`);
    if (late) { late.src = late.dataset.src; late.removeAttribute("data-src"); }
  };
  for (const tab of all) tab.addEventListener("click", () => select(tab));
  document.getElementById("ways").addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const open = all.filter((tab) => !tab.hidden);
    const next = open[(open.indexOf(document.activeElement) + step + open.length) % open.length];
    next.focus();
    select(next);
  });
}

// The tiles to zoom into are made after the result: the tab appears when they are there.
async function waitForZoom() {
  const tab = document.querySelector("[data-late]");
  for (let tries = 0; tab && tries < 40; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 300 + 250 * tries));
    const state = await fetch(tab.dataset.late).then((response) => response.json(), () => null);
    if (state?.views.includes("zoom")) { tab.hidden = false; return; }
  }
}

let opened = false;
async function openZoom() {
  if (opened) return;
  opened = true;
  const panel = document.getElementById("zoom");
  await new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = panel.dataset.script;
    script.onload = resolve;
    script.onerror = reject;
    document.head.append(script);
  });
  const viewers = ["before", "after"].map((which) => viewer(which, ...panel.dataset[which].split(" ").map(Number)));
  let leading = null;
  for (const [one, other] of [viewers, [...viewers].reverse()]) {
    const follow = () => {
      if (leading === other) return;
      leading = one;
      other.viewport.zoomTo(one.viewport.getZoom());
      other.viewport.panTo(one.viewport.getCenter());
      leading = null;
    };
    one.addHandler("zoom", follow);
    one.addHandler("pan", follow);
  }
  const lead = viewers[1].viewport;
  const acts = { in: () => lead.zoomBy(1.6), out: () => lead.zoomBy(1 / 1.6), home: () => lead.goHome() };
  for (const button of panel.querySelectorAll("[data-zoom]")) {
    button.addEventListener("click", () => { acts[button.dataset.zoom](); lead.applyConstraints(); });
  }
  panel.viewers = viewers;
}

function viewer(which, width, height) {
  let maxLevel = 0;
  while (Math.ceil(Math.max(width, height) / 2 ** maxLevel) > 256) maxLevel++;
  return window.OpenSeadragon({
    element: document.getElementById(`sight-${which}`),
    tileSources: {
      width, height, tileSize: 256, tileOverlap: 0, minLevel: 0, maxLevel,
      getTileUrl: (level, x, y) => `${root.dataset.at}/zoom/${which}/${level}/${x}_${y}.jpg`,
    },
    drawer: "canvas",
    showNavigationControl: false,
    visibilityRatio: 0.5,
    maxZoomPixelRatio: which === "after" ? 4 : 32,
    animationTime: 0.4,
    gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true },
  });
}
