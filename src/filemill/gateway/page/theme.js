// Before first paint: the theme a person chose; the system's when none was chosen.
(() => {
  const chosen = localStorage.getItem("filemill.theme");
  if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
})();
