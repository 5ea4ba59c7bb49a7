// Choosing a task: a scale that it does not have gives way to its own.
export function tasks(form) {
  for (const task of form.querySelectorAll("input[name=task][type=radio]")) {
    task.addEventListener("change", () => {
      const scale = form.querySelector("input[name=scale]:checked");
      if (scale && scale.offsetParent) return;
      const own = form.querySelector(`input[name=scale][value="${task.dataset.scale}"]`);
      if (own) own.checked = true;
    });
  }
}
