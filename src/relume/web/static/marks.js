// The easel: damage painted with a brush, or colours set by clicking, on the picture itself, by pointer or by keyboard.
// What is marked goes into the form's own fields: a PNG (white where it is damaged) and a line of X,Y=#RRGGBB.
const LONGEST = 2048;
const KINDS = {
  mask: { title: "Mark the damage", help: "Paint over scratches, folds and stains. Arrow keys move, Space marks." },
  hints: { title: "Set colours", help: "Choose a colour, then click where it belongs. Arrow keys move, Space sets it." },
};

// ``subject()`` gives {source, width, height} of the picture (upright, whole), or null where it cannot be shown.
export function easel(form, subject) {
  const box = form.querySelector("[data-marks-box]");
  if (!box) return { reset() {}, offer() {} };
  const told = box.querySelector("[data-marks-told]");
  const fields = { mask: form.querySelector("input[name=mask]"), hints: form.querySelector("input[name=hints]") };
  let marks = { mask: [], hints: [] };
  fields.mask.closest("label").hidden = true;
  for (const button of box.querySelectorAll("[data-marks]")) {
    button.addEventListener("click", () => {
      const picture = subject();
      if (picture) open(button.dataset.marks, picture, marks, () => keep(picture));
    });
  }

  async function keep(picture) {
    fields.hints.value = marks.hints.map(({ x, y, colour }) => `${x},${y}=${colour}`).join(" ");
    const counts = [[marks.mask.length, "stroke"], [marks.hints.length, "colour"]].filter(([count]) => count);
    told.textContent = counts.map(([count, word]) => `${count} ${word}${count > 1 ? "s" : ""}`).join(", ");
    const files = new DataTransfer();
    if (marks.mask.length) files.items.add(await painted(marks.mask, picture));
    fields.mask.files = files.files;
  }

  return {
    reset() { marks = { mask: [], hints: [] }; fields.hints.value = told.textContent = ""; fields.mask.value = ""; },
    offer(possible) { box.hidden = !possible; },
  };
}

function open(kind, picture, marks, keep) {
  const dialog = document.createElement("dialog");
  dialog.className = "easel";
  dialog.setAttribute("aria-labelledby", "easel-title");
  dialog.innerHTML = `
    <div class="bar"><h2 id="easel-title"></h2><button type="button" class="button main" data-done>Done</button></div>
    <p class="small quiet" id="easel-help"></p>
    <div class="canvas"><img alt="" draggable="false"><canvas tabindex="0" role="application" aria-describedby="easel-help"></canvas></div>
    <div class="row tools">
      <label class="slide" data-only="mask"><span>Brush</span><input type="range" min="4" max="120" value="24"></label>
      <button type="button" class="button" data-only="mask" data-erase aria-pressed="false">Rub out</button>
      <label class="slide" data-only="hints"><span>Colour</span><input type="color" value="#8a5a3c"></label>
      <button type="button" class="button" data-undo>Undo</button>
      <button type="button" class="button plain" data-clear>Clear</button>
      <span class="only-heard" role="status"></span>
    </div>`;
  const find = (what) => dialog.querySelector(what);
  for (const part of dialog.querySelectorAll("[data-only]")) part.hidden = part.dataset.only !== kind;
  find("h2").textContent = KINDS[kind].title;
  find("#easel-help").textContent = KINDS[kind].help;
  const image = find("img");
  const canvas = find("canvas");
  const shrink = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
  canvas.width = Math.max(1, Math.round(picture.width * shrink));
  canvas.height = Math.max(1, Math.round(picture.height * shrink));
  canvas.setAttribute("aria-label", KINDS[kind].title);
  canvas.dataset.kind = kind;
  find(".canvas").style.setProperty("--ratio", picture.width / picture.height);
  image.src = picture.source;
  document.body.append(dialog);

  const list = marks[kind];
  const cursor = { x: 0.5, y: 0.5, shown: false };
  let stroke = null;
  const show = () => draw(canvas, kind, list, cursor);
  const say = () => { find("[role=status]").textContent = `${list.length} marked`; };

  function put(x, y, begins) {
    if (kind === "hints") {
      if (!begins) return;
      const at = { x: Math.floor(x * picture.width), y: Math.floor(y * picture.height) };
      list.push({ ...at, u: x, v: y, colour: find("[type=color]").value });
    } else if (begins || !stroke) {
      const size = Number(find("[type=range]").value) / canvas.getBoundingClientRect().width;
      stroke = { points: [[x, y]], size, erase: find("[data-erase]").getAttribute("aria-pressed") === "true" };
      list.push(stroke);
    } else {
      stroke.points.push([x, y]);
    }
    show();
  }

  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    const inside = (value) => Math.min(Math.max(value, 0), 0.999999);
    return [inside((event.clientX - box.left) / box.width), inside((event.clientY - box.top) / box.height)];
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    canvas.setPointerCapture(event.pointerId);
    cursor.shown = false;
    put(...place(event), true);
  });
  canvas.addEventListener("pointermove", (event) => { if (stroke && event.buttons) put(...place(event), false); });
  for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => { stroke = null; say(); });
  canvas.addEventListener("keydown", (event) => {
    const step = event.shiftKey ? 0.005 : 0.02;
    const move = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
    if (move) {
      cursor.x = Math.min(Math.max(cursor.x + move[0], 0), 0.999);
      cursor.y = Math.min(Math.max(cursor.y + move[1], 0), 0.999);
      cursor.shown = true;
      show();
    } else if (event.key === " " || event.key === "Enter") {
      put(cursor.x, cursor.y, true);
      stroke = null;
      say();
    } else {
      return;
    }
    event.preventDefault();
  });
  find("[data-erase]").addEventListener("click", (event) => {
    event.target.setAttribute("aria-pressed", String(event.target.getAttribute("aria-pressed") !== "true"));
  });
  find("[data-undo]").addEventListener("click", () => { list.pop(); show(); say(); });
  find("[data-clear]").addEventListener("click", () => { list.length = 0; show(); say(); });
  find("[data-done]").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => { keep(); dialog.remove(); });
  dialog.showModal();
  canvas.focus();
  show();
}

function draw(canvas, kind, list, cursor) {
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, canvas.width, canvas.height);
  if (kind === "mask") {
    strokes(context, list, "#ff3b1d");
  } else {
    const radius = Math.max(6, canvas.width / 90);
    for (const { u, v, colour } of list) ring(context, u * canvas.width, v * canvas.height, radius, colour);
  }
  if (cursor.shown) ring(context, cursor.x * canvas.width, cursor.y * canvas.height, Math.max(5, canvas.width / 120), null);
}

function strokes(context, list, colour) {
  const { width, height } = context.canvas;
  context.lineCap = context.lineJoin = "round";
  for (const { points, size, erase } of list) {
    context.globalCompositeOperation = erase ? "destination-out" : "source-over";
    context.strokeStyle = colour;
    context.lineWidth = Math.max(1, size * width);
    context.beginPath();
    context.moveTo(points[0][0] * width, points[0][1] * height);
    for (const [x, y] of points.length > 1 ? points.slice(1) : points) context.lineTo(x * width, y * height);
    context.stroke();
  }
  context.globalCompositeOperation = "source-over";
}

function ring(context, x, y, radius, colour) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  if (colour) { context.fillStyle = colour; context.fill(); }
  for (const [width, line] of [[4, "#000"], [2, "#fff"]]) { context.lineWidth = width; context.strokeStyle = line; context.stroke(); }
}

// The strokes as a PNG of the picture's shape, white on black.
async function painted(list, picture) {
  const layer = document.createElement("canvas");
  const shrink = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
  layer.width = Math.max(1, Math.round(picture.width * shrink));
  layer.height = Math.max(1, Math.round(picture.height * shrink));
  strokes(layer.getContext("2d"), list, "#fff");
  const ground = layer.getContext("2d");
  ground.globalCompositeOperation = "destination-over";
  ground.fillStyle = "#000";
  ground.fillRect(0, 0, layer.width, layer.height);
  const blob = await new Promise((resolve) => layer.toBlob(resolve, "image/png"));
  return new File([blob], "mask.png", { type: "image/png" });
}
