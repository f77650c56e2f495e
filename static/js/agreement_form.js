// Page 1 of a new agreement: fields that are not asked vanish at once, and rows of meters appear at once (T10).
// Without this file the same form shows every field with a hint and adds rows by submitting.
"use strict";

(() => {
  const form = document.querySelector("[data-agreement-form]");
  if (!form) return;

  const chosen = (name) => form.querySelector(`input[name="${name}"]:checked`)?.value;

  function showWhatIsAsked() {
    for (const part of form.querySelectorAll("[data-when-registered], [data-when-kind]")) {
      const { whenRegistered, whenKind } = part.dataset;
      part.hidden =
        (whenRegistered && chosen("registered") !== whenRegistered) || (whenKind && chosen("kind") !== whenKind) || false;
    }
  }

  for (const hint of form.querySelectorAll("[data-without-script]")) hint.hidden = true;
  form.addEventListener("change", showWhatIsAsked);
  showWhatIsAsked();
  // A browser that goes back fills the form after this script ran.
  window.addEventListener("pageshow", showWhatIsAsked);

  const rows = form.querySelector("[data-meter-rows]");
  const template = form.querySelector("[data-meter-template]");
  const total = form.querySelector('[name="meters-TOTAL_FORMS"]');
  const add = form.querySelector("[data-add-meter]");
  if (!add) return;

  add.addEventListener("click", (event) => {
    event.preventDefault();
    const count = rows.querySelectorAll("[data-meter-row]").length;
    const most = Number(add.dataset.most);
    if (count >= most) return;
    const holder = document.createElement("template");
    holder.innerHTML = template.innerHTML.replaceAll("__prefix__", count).replaceAll("__number__", count + 1);
    rows.append(holder.content);
    total.value = count + 1;
    rows.lastElementChild.querySelector("input").focus();
    add.hidden = count + 1 >= most;
  });
})();
