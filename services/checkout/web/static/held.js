// Looks again by itself; the page changes only when there is something new, so that nobody is interrupted in reading it
const seconds = Number(document.getElementById("main").dataset.again);
const look = async () => {
  try {
    const answer = await fetch(location.pathname, { headers: { accept: "text/html" }, cache: "no-store" });
    if (answer.status !== 409) { location.replace(location.pathname); return; }
  } catch { /* no connection: the next look tells */ }
  setTimeout(look, seconds * 1000);
};
setTimeout(look, seconds * 1000);
