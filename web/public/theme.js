// Before the first paint, so that nobody sees the other theme flash. The page's CSP allows no script in the page itself.
try {
  const chosen = localStorage.getItem("filemill.theme");
  if (chosen === "dark" || chosen === "light") document.documentElement.setAttribute("data-theme", chosen);
} catch {
  // No storage: the system's theme it is.
}
