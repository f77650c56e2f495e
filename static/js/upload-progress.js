// Refreshes the progress of an import every two seconds until it ends. Without JavaScript the page has a link for that.
const refreshProgress = async () => {
  const response = await fetch(location.href, { credentials: "same-origin" });
  if (!response.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const upload = page.getElementById("upload");
  if (!upload) return;
  document.getElementById("upload").replaceWith(upload);
  if (upload.dataset.finished === "no") setTimeout(refreshProgress, 2000);
};
setTimeout(refreshProgress, 2000);
