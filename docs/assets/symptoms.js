/* Filters the tables of symptoms by all words that are typed; a heading whose rows are all gone goes too. */
(() => {
  "use strict";
  const form = document.querySelector("form.pp-search");
  if (!form) return;
  const input = form.querySelector("input");
  const rows = [...document.querySelectorAll("article table tbody tr")];
  const plain = (text) => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ");
  const texts = rows.map((row) => plain(row.textContent));
  const apply = () => {
    const words = plain(input.value).split(" ").filter(Boolean);
    let shown = 0;
    rows.forEach((row, index) => {
      row.hidden = !words.every((word) => texts[index].includes(word));
      shown += row.hidden ? 0 : 1;
    });
    for (const table of document.querySelectorAll("article table")) {
      const none = [...table.tBodies[0].rows].every((row) => row.hidden);
      const frame = table.closest(".pp-scroll");
      frame.hidden = none;
      for (const beside of [frame.previousElementSibling, frame.nextElementSibling]) if (beside) beside.hidden = none;
    }
    form.querySelector("output").textContent = words.length ? `${shown} of ${rows.length} rows` : `${rows.length} rows`;
  };
  input.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  apply();
})();
