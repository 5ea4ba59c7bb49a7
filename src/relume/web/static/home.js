// Choosing pictures: drop, pick or paste; a look at each before it is sent; then upload with a bar.
import { seen, wake } from "./look.js";
import { easel } from "./marks.js";
import { sizes, tasks } from "./tasks.js";

const form = document.getElementById("choose");
const input = document.getElementById("image");
const list = document.getElementById("picked");
const trouble = document.getElementById("trouble");
const sent = document.getElementById("sent");
const go = document.getElementById("go");
const advice = document.getElementById("advice");
const token = form.querySelector("input[name=csrf_token]").value;
const most = { bytes: Number(form.dataset.bytes), pixels: Number(form.dataset.pixels) };
let chosen = [];
const marks = easel(form, () => chosen.length === 1 && chosen[0].picture || null);
tasks(form);

input.addEventListener("change", () => choose([...input.files]));
input.addEventListener("click", () => wake(token), { once: true });
document.addEventListener("dragenter", () => wake(token), { once: true });
for (const name of ["dragenter", "dragover"]) {
  document.addEventListener(name, (event) => { event.preventDefault(); form.classList.add("over"); });
}
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) form.classList.remove("over"); });
document.addEventListener("drop", (event) => {
  event.preventDefault();
  form.classList.remove("over");
  choose([...event.dataTransfer.files]);
});
document.addEventListener("paste", (event) => {
  const files = [...event.clipboardData.files];
  if (files.length) choose(files);
});
form.addEventListener("submit", (event) => { event.preventDefault(); upload(); });
window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

function choose(files) {
  if (!files.length) return;
  say("");
  chosen.push(...files.map((file) => ({ file, url: URL.createObjectURL(file) })));
  chosen = chosen.slice(0, 32);
  show();
}

function show() {
  list.replaceChildren(...chosen.map(row));
  list.hidden = !chosen.length;
  list.classList.toggle("one", chosen.length === 1);
  form.classList.toggle("chosen", chosen.length > 0);
  input.required = !chosen.length;
  sizes(form, chosen.length === 1 ? chosen[0].picture : null);
  advise();
  marks.reset();
  marks.offer(chosen.length === 1 && Boolean(chosen[0].picture));
  document.getElementById("prompt").textContent = chosen.length ? "Add another picture" : "Drop a picture here";
  go.textContent = chosen.length > 1 ? `Upload and Restore ${chosen.length} pictures` : "Upload and Restore";
}

function row(item) {
  const line = document.createElement("li");
  const frame = element("div", "frame");
  const words = element("div", "");
  const tags = element("ul", "tags");
  words.append(element("div", "name", item.file.name || "Pasted picture"), tags);
  const remove = element("button", "button plain drop-it", "Remove");
  remove.type = "button";
  remove.setAttribute("aria-label", `Remove ${item.file.name || "pasted picture"}`);
  remove.addEventListener("click", () => {
    URL.revokeObjectURL(item.url);
    chosen = chosen.filter((other) => other !== item);
    if (!chosen.length) form.reset();
    show();
    input.focus();
  });
  line.append(frame, words, remove);
  look(item, frame, tags);
  return line;
}

async function look(item, frame, tags) {
  const tag = (text) => tags.appendChild(element("li", "", text));
  tag(size(item.file.size));
  if (item.file.size > most.bytes) tag(`larger than the ${size(most.bytes)} that are taken`);
  const quality = await jpegQuality(item.file);
  const image = new Image();
  image.alt = "";
  image.src = item.url;
  try {
    await image.decode();
  } catch {
    frame.textContent = (item.file.name.split(".").pop() || "?").slice(0, 5).toUpperCase();
    tag("cannot be shown here; it is looked at when it is restored");
    return;
  }
  frame.replaceChildren(image);
  const { naturalWidth: width, naturalHeight: height } = image;
  item.picture = { source: item.url, width, height };
  marks.offer(chosen.length === 1);
  tag(`${width} × ${height}`);
  if (width * height > most.pixels) tag(`more than the ${Math.round(most.pixels / 1e6)} MP that are taken`);
  if (isGray(image)) tag("no colour");
  if (quality !== null && quality < 70) tag(`strongly compressed (quality ${quality})`);
  sizes(form, chosen.length === 1 ? chosen[0].picture : null);
  const looking = tag("looking …");
  item.told = await (item.seen ??= seen(image, token));
  looking.remove();
  for (const text of item.told?.words ?? []) tag(text).className = "found";
  advise();
}

// Suggest the task that is made for what was seen, where that is one and the same for all that is chosen.
function advise() {
  form.querySelector(".suggested")?.remove();
  const [task, ...others] = new Set(chosen.map((item) => item.told?.task ?? ""));
  const label = task && !others.length && form.querySelector(`input[name=task][value="${task}"]`)?.closest("label");
  advice.textContent = label ? `${label.textContent.trim()} is suggested.` : "";
  if (label) label.append(element("small", "suggested", "suggested"));
}

function isGray(image) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 48;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "#fff";
  context.fillRect(0, 0, 48, 48);
  context.drawImage(image, 0, 0, 48, 48);
  const data = context.getImageData(0, 0, 48, 48).data;
  for (let at = 0; at < data.length; at += 4) {
    if (Math.max(data[at], data[at + 1], data[at + 2]) - Math.min(data[at], data[at + 1], data[at + 2]) > 8) return false;
  }
  return true;
}

// The quality that a JPEG was saved with, from its first quantisation table against the one of the standard; null else.
async function jpegQuality(file) {
  const bytes = new Uint8Array(await file.slice(0, 65536).arrayBuffer());
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return null;
  for (let at = 2; at + 4 < bytes.length && bytes[at] === 0xff; at += 2 + (bytes[at + 2] << 8 | bytes[at + 3])) {
    if (bytes[at + 1] !== 0xdb || bytes[at + 4] >> 4) continue;
    let sum = 0;
    for (let k = 0; k < 64; k++) sum += bytes[at + 5 + k];
    const percent = sum / 3688 * 100;
    return Math.max(1, Math.round(percent > 100 ? 5000 / percent : (200 - percent) / 2));
  }
  return null;
}

function upload() {
  if (!chosen.length) { say("Choose a picture first."); return; }
  const data = new FormData(form);
  data.delete("image");
  for (const item of chosen) data.append("image", item.file, item.file.name || "pasted.png");
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.setRequestHeader("Accept", "application/json");
  request.responseType = "json";
  request.upload.addEventListener("progress", (event) => {
    sent.value = event.loaded / event.total;
    go.textContent = event.loaded < event.total ? "Uploading …" : "Looking at it …";
  });
  request.addEventListener("load", () => {
    const answer = request.response;
    if (request.status === 202 && answer.length) {
      location.assign(answer.length === 1 && chosen.length === 1 ? `/pictures/${answer[0].id}` : "/gallery");
    } else if (request.status === 202) {
      location.assign("/gallery");
    } else {
      const message = answer?.error?.message ?? `the upload was not taken (status ${request.status})`;
      stop(message[0].toUpperCase() + message.slice(1) + ".");
    }
  });
  request.addEventListener("error", () => stop("The connection broke. Your picture is still chosen: try again."));
  say("");
  go.disabled = true;
  sent.hidden = false;
  sent.value = 0;
  request.send(data);
}

function stop(message) {
  go.disabled = false;
  sent.hidden = true;
  show();
  say(message);
}

function say(message) {
  trouble.textContent = message;
  trouble.hidden = !message;
}

function element(name, className, text = "") {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

function size(bytes) {
  if (bytes < 999500) return `${Math.max(1, Math.round(bytes / 1e3))} KB`;
  return `${(bytes / 1e6).toFixed(bytes < 9.95e6 ? 1 : 0)} MB`;
}
