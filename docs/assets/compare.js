/* Sorting and filtering of the comparison. Without it the page is a plain table. The state stands in the address. */
(() => {
  "use strict";
  const table = document.querySelector("table.pp-compare");
  const form = document.querySelector("form.pp-filters:not(.pp-mtu, .pp-search)");
  if (!table || !form) return;
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const headers = [...table.tHead.rows[0].cells];
  const selects = [...form.querySelectorAll("select")];
  const state = new URLSearchParams(location.hash.slice(1));

  const key = (row, column) => {
    const cell = row.cells[column];
    const text = cell.dataset.sort ?? cell.textContent.trim();
    const number = Number(text.replace(/[\s\u202f]/g, ""));
    return text !== "" && !Number.isNaN(number) ? number : text;
  };
  const compare = (a, b, direction) => {
    if (a === "" || b === "") return a === b ? 0 : a === "" ? 1 : -1;  // what is absent comes last either way
    if (typeof a === "number" && typeof b === "number") return direction * (a - b);
    return direction * String(a).localeCompare(String(b), "en");
  };

  const apply = () => {
    const wanted = selects.map((select) => [select.name, select.value]).filter(([, value]) => value);
    let shown = 0;
    for (const row of rows) {
      row.hidden = !wanted.every(([name, value]) => row.dataset[name] === value);
      shown += row.hidden ? 0 : 1;
    }
    const column = Number(state.get("sort") ?? -1);
    const direction = state.get("order") === "descending" ? -1 : 1;
    const ordered = headers[column] ? [...rows].sort((a, b) => compare(key(a, column), key(b, column), direction)) : rows;
    if (ordered.some((row, index) => body.rows[index] !== row)) body.append(...ordered);
    headers.forEach((header, index) => {
      header.setAttribute("aria-sort", index === column ? (direction > 0 ? "ascending" : "descending") : "none");
    });
    orders.value = headers[column] ? String(column) : "";
    form.querySelector("output").textContent = `${shown} of ${rows.length} lines`;
  };

  const remember = () => {
    for (const select of selects) {
      if (select.value) state.set(select.name, select.value); else state.delete(select.name);
    }
    history.replaceState(null, "", String(state) ? `#${state}` : location.pathname + location.search);
    apply();
  };

  // On a narrow screen lines are cards without headers: the same orders are in a list.
  const orders = document.createElement("select");
  orders.add(new Option("as stored", ""));
  headers.forEach((header, index) => {
    orders.add(new Option(header.title || header.textContent, String(index)));
  });
  const field = document.createElement("label");
  field.className = "pp-sort";
  field.append("Sort by ", orders);
  form.querySelector("output").before(field);
  orders.addEventListener("change", () => {
    if (orders.value) state.set("sort", orders.value); else state.delete("sort");
    state.delete("order");
    remember();
  });

  headers.forEach((header, index) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = header.textContent;
    button.addEventListener("click", () => {
      const again = Number(state.get("sort") ?? -1) === index && state.get("order") !== "descending";
      state.set("sort", String(index));
      state.set("order", again ? "descending" : "ascending");
      remember();
    });
    header.replaceChildren(button);
  });
  for (const select of selects) {
    const value = state.get(select.name);
    if (value && [...select.options].some((option) => option.value === value)) select.value = value;
    select.addEventListener("change", remember);
  }
  // As cards, all lines are forty screens long: who comes without a wish begins with one view there.
  const views = form.elements.namedItem("view");
  if (![...state.keys()].length && matchMedia("(max-width: 59.99em)").matches && views.options.length > 2) {
    views.value = ([...views.options].find((option) => option.value === "speed") ?? views.options[1]).value;
  }
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  apply();
})();
