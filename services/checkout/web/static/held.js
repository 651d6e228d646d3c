// Looks again by itself; the page changes only when there is something new, so that nobody is interrupted in reading it
const seconds = Number(document.getElementById("main").dataset.again);
const look = async () => {
  try {
    const answer = await fetch(location.pathname, { headers: { accept: "text/html" }, cache: "no-store" });
    // Held still, asked too often, or a service that starts again: all that passes
    if (![409, 429].includes(answer.status) && answer.status < 500) { location.replace(location.pathname); return; }
  } catch { /* no connection: the next look tells */ }
  setTimeout(look, seconds * 1000);
};
setTimeout(look, seconds * 1000);
