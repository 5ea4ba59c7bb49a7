// Asking how a picture is doing: quickly while something happens, slowly while nothing does, and cheaply by its ETag.
export async function watch(address, tell) {
  let tag = null;
  let pause = 250;
  for (;;) {
    let answer = null;
    try {
      const response = await fetch(address, { headers: tag ? { "If-None-Match": tag } : {}, cache: "no-store" });
      if (response.status === 404) return null;
      if (response.status === 200) {
        tag = response.headers.get("ETag");
        answer = await response.json();
        pause = answer.status === "running" ? 300 : 700;
      } else {
        pause = Math.min(pause * 1.3, 2000);
      }
    } catch {
      pause = Math.min(pause * 2, 5000);
    }
    if (answer) {
      tell(answer);
      if (!["queued", "running"].includes(answer.status)) return answer;
    }
    await new Promise((resolve) => setTimeout(resolve, document.hidden ? 3000 : pause));
  }
}
