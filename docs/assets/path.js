/* Steps through a packet's path: buttons, arrow keys, a click on a station, #step-3 in the address. Without it the picture
   stands there and all steps are listed; so they are in print. */
(() => {
  "use strict";
  const journey = document.querySelector(".pp-journey");
  if (!journey) return;
  const list = journey.querySelector(".pp-steps");
  const steps = [...list.children];
  const stations = [...journey.querySelectorAll(".pp-station")];
  const bar = document.createElement("div");
  const state = document.createElement("output");
  let now = 0;
  let all = false;

  const button = (text, act) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    made.addEventListener("click", act);
    return made;
  };
  const back = button("◀ Back", () => go(now - 1));
  const forth = button("Next ▶", () => go(now + 1));
  const whole = button("All steps", () => { all = !all; show(); });

  const show = () => {
    journey.classList.toggle("pp-stepping", !all);
    steps.forEach((step, index) => step.toggleAttribute("data-now", index === now));
    for (const station of stations) {
      if (!all && station.getAttribute("href") === `#step-${now + 1}`) station.setAttribute("aria-current", "step");
      else station.removeAttribute("aria-current");
    }
    back.disabled = all || now === 0;
    forth.disabled = all || now === steps.length - 1;
    whole.setAttribute("aria-pressed", String(all));
    state.textContent = all ? `${steps.length} steps` : `Step ${now + 1} of ${steps.length}`;
  };
  const go = (to) => {
    all = false;
    now = Math.min(steps.length - 1, Math.max(0, to));
    history.replaceState(null, "", `#step-${now + 1}`);
    show();
  };
  const linked = () => /^#step-(\d+)$/.exec(location.hash);

  bar.className = "pp-stepper";
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", "Steps of the packet's path; the arrow keys work too");
  list.setAttribute("aria-live", "polite");
  bar.append(back, state, forth, whole);
  list.before(bar);
  for (const station of stations) {
    station.addEventListener("click", (event) => {
      event.preventDefault();
      go(Number(station.getAttribute("href").slice(6)) - 1);
    });
  }
  journey.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest("pre")) return;
    if (event.key === "ArrowRight") go(now + 1);
    else if (event.key === "ArrowLeft") go(now - 1);
    else return;
    event.preventDefault();
  });
  addEventListener("hashchange", () => { const found = linked(); if (found) go(Number(found[1]) - 1); });
  const found = linked();
  if (found) now = Math.min(steps.length - 1, Math.max(0, Number(found[1]) - 1));
  show();
  // After the browser's own jump to the step, which would leave the picture above it out of sight.
  if (found) addEventListener("load", () => requestAnimationFrame(() => journey.scrollIntoView()));
})();
