// A look at a chosen picture before it is sent: a small copy, as bare samples, is shown to the page's own detectors.
const COPY = 1024;
const DETAIL = 512;
let turn = Promise.resolve();

// What is seen in ``image``, {words, task}, or null where nobody has the time. One picture after the other.
export function seen(image, token) {
  turn = turn.then(() => ask(image, token)).catch(() => null);
  return turn;
}

// Say that a look will be wanted soon.
export function wake(token) {
  send("/look", token).catch(() => null);
}

async function ask(image, token) {
  const { naturalWidth: width, naturalHeight: height } = image;
  const shrink = Math.max(1, Math.max(width, height) / COPY);
  const size = [Math.max(1, Math.round(width / shrink)), Math.max(1, Math.round(height / shrink))];
  const parts = [samples(image, [0, 0, width, height], size)];
  let address = `/look?whole=${size.join("x")}`;
  if (shrink > 1) {
    const [across, down] = [Math.min(DETAIL, width), Math.min(DETAIL, height)];
    const corner = [(width - across) / 2, (height - down) / 2].map((at) => Math.floor(at / 8) * 8);
    parts.push(samples(image, [...corner, across, down], [across, down]));
    address += `&detail=${across}x${down}`;
  }
  const answer = await send(address, token, new Blob(parts));
  return answer.status === 200 ? answer.json() : null;
}

function send(address, token, body = null) {
  const headers = { "X-CSRFToken": token, Accept: "application/json", "Content-Type": "application/octet-stream" };
  return fetch(address, { method: "POST", headers, body });
}

// Red, green and blue of a part [left, top, width, height] of ``image``, drawn at [width, height] on white.
function samples(image, part, [width, height]) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  context.drawImage(image, ...part, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  const out = new Uint8Array(3 * width * height);
  for (let from = 0, to = 0; from < data.length; from += 4) {
    out[to++] = data[from];
    out[to++] = data[from + 1];
    out[to++] = data[from + 2];
  }
  return out;
}
