/** Colours as the system has them, or light or dark on request. */

const ORDER = ["system", "light", "dark"];
const KEY = "sockeye-theme";

/** @param {HTMLButtonElement} button */
export function themeButton(button) {
  let theme = ORDER.includes(stored()) ? stored() : "system";
  const show = () => {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    const label = theme === "system" ? "Colours: as the system" : `Colours: ${theme}`;
    button.ariaLabel = label;
    button.title = label;
  };
  button.addEventListener("click", () => {
    theme = ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length];
    store(theme);
    show();
  });
  show();
}

function stored() {
  try {
    return localStorage.getItem(KEY) ?? "system";
  } catch {
    return "system";
  }
}

/** @param {string} theme */
function store(theme) {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // Not kept, then.
  }
}
