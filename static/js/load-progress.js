// Shows how far a load is, every two seconds, until it is done. Without it the page has a link that does the same.
const look = async () => {
  const answer = await fetch(location.href, { credentials: "same-origin" });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const now = page.getElementById("load");
  if (!now) return;
  document.getElementById("load").replaceWith(now);
  if (now.dataset.finished === "no") setTimeout(look, 2000);
};
setTimeout(look, 2000);
