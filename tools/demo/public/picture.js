/** Pictures on their way out: from the file button, the clipboard or a drop. */

const TYPES = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/**
 * Reads a picture, or says what is wrong with it.
 * @param {File} file @param {number} limit bytes
 * @returns {Promise<{ data: ArrayBuffer, type: string, alt: string } | { wrong: string }>}
 */
export async function readPicture(file, limit) {
  if (!TYPES.includes(file.type)) return { wrong: "Only PNG, JPEG, GIF and WebP pictures can be sent." };
  if (file.size > limit) {
    return { wrong: `That picture has ${inMegabytes(file.size)}; at most ${inMegabytes(limit)} can be sent.` };
  }
  if (!(await isReadable(file))) return { wrong: "That file is not a picture that this browser can read." };
  return { data: await file.arrayBuffer(), type: file.type, alt: file.name || "picture" };
}

/** @param {File} file */
async function isReadable(file) {
  try {
    (await createImageBitmap(file)).close();
    return true;
  } catch {
    return false;
  }
}

/** @param {number} bytes */
function inMegabytes(bytes) {
  return `${(bytes / 1_000_000).toFixed(bytes < 10_000_000 ? 1 : 0)} MB`;
}

/**
 * Calls back with each picture file that is dropped on an element or pasted anywhere.
 * @param {HTMLElement} target @param {(file: File) => void} found
 */
export function acceptPictures(target, found) {
  target.addEventListener("dragover", (event) => {
    event.preventDefault();
    target.classList.add("dropping");
  });
  target.addEventListener("dragleave", () => target.classList.remove("dropping"));
  target.addEventListener("drop", (event) => {
    event.preventDefault();
    target.classList.remove("dropping");
    const [file] = event.dataTransfer.files;
    if (file) found(file);
  });
  document.addEventListener("paste", (event) => {
    const [file] = event.clipboardData?.files ?? [];
    if (file) found(file);
  });
}
