// One tick for all rows of a list.
(() => {
  "use strict";
  const all = document.getElementById("c-all");
  if (!all) return;
  all.addEventListener("change", () => {
    for (const box of document.querySelectorAll('#c-list input[name="row"]')) box.checked = all.checked;
  });
})();
