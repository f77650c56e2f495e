// Computes the SHA-256 of a chosen file and fills it in (R9). The file's input has no name, so nothing is uploaded.
// Without this file, or where the browser has no crypto.subtle, the input stays hidden and people type the SHA-256.
const form = document.querySelector("[data-document-check]");
if (form && globalThis.crypto?.subtle) {
  const part = form.querySelector("[data-file-part]");
  const input = part.querySelector("input");
  const status = part.querySelector("[role=status]");
  const { number, sha256 } = form.elements;
  part.hidden = false;
  input.addEventListener("change", async () => {
    const file = input.files[0];
    status.textContent = "";
    if (!file) return;
    sha256.value = "";
    try {
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
      if (file !== input.files[0]) return; // another file was chosen meanwhile
      sha256.value = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
      const named = file.name.match(/^smt-(\d{12})-/);
      if (named) number.value = named[1];
      status.textContent = status.dataset.done;
    } catch {
      status.textContent = status.dataset.failed;
    }
  });
}
