/** Dark or light: what the system says unless somebody chose; the choice stays on this machine. */
export function toggleTheme(): void {
  const dark = getComputedStyle(document.documentElement).colorScheme === "dark";
  const chosen = dark ? "light" : "dark";
  document.documentElement.setAttribute("data-theme", chosen);
  try {
    localStorage.setItem("filemill.theme", chosen);
  } catch {
    // No storage: it holds until the page is left.
  }
}
