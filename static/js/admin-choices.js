// Django's choice that searches is named by what is chosen only: name it by its field's label as well (A1).
const nameChoices = () => {
  for (const select of document.querySelectorAll("select.admin-autocomplete.select2-hidden-accessible")) {
    const label = select.labels[0];
    const box = select.parentElement.querySelector(".select2-selection");
    const chosen = box?.querySelector(".select2-selection__rendered");
    if (!label || !chosen) continue;
    label.id ||= `${select.id}_label`;
    for (const one of [box, chosen]) one.setAttribute("aria-labelledby", `${label.id} ${chosen.id}`);
  }
};
// Django's own script makes the boxes on the same two occasions, and is there first.
globalThis.django?.jQuery?.(nameChoices);
document.addEventListener("formset:added", nameChoices);
