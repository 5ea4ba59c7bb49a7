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
