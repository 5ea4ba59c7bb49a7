// Choosing a task: its own scale comes with it, unless one was asked for (``asked``) that it has too.
export function tasks(form, asked = false) {
  for (const scale of form.querySelectorAll("input[name=scale]")) {
    scale.addEventListener("change", () => { asked = true; });
  }
  for (const task of form.querySelectorAll("input[name=task][type=radio]")) {
    task.addEventListener("change", () => {
      const scale = form.querySelector("input[name=scale]:checked");
      if (asked && scale?.offsetParent) return;
      const own = form.querySelector(`input[name=scale][value="${task.dataset.scale}"]`);
      if (own) own.checked = true;
    });
  }
}

// On each scale, how large the result of ``picture``, {width, height}, would be; of null only by how much.
export function sizes(form, picture) {
  for (const hint of form.querySelectorAll("small[data-scale]")) {
    const { scale } = hint.dataset;
    hint.dataset.words ??= hint.textContent;
    hint.textContent = picture ? `${picture.width * scale} × ${picture.height * scale}` : hint.dataset.words;
  }
}
