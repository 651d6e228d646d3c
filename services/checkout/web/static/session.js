const live = document.getElementById("live");
const POLL_MS = [1500, 2000, 3000, 5000, 8000];
let main, source, poll, clock, misses, rounds;

const stop = () => {
  if (source) source.close();
  source = null;
  clearTimeout(poll);
  clearInterval(clock);
};

// The page itself is fetched again and its middle put in place: one renderer, and nothing to translate here.
// Its styles bear the nonce of another answer, which our policy would complain about.
let busy = false;
const refresh = async () => {
  if (busy) return;
  busy = true;
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" }, cache: "no-store" });
    const page = new DOMParser().parseFromString((await answer.text()).replace(/<style[^]*?<\/style>/, ""), "text/html");
    const next = page.getElementById("main");
    if (!answer.ok || answer.redirected || !next || !next.dataset.version) { location.reload(); return; }
    stop();
    main.replaceWith(document.adoptNode(next));
    document.title = page.title;
    begin();
    const heading = main.querySelector("h1");
    live.textContent = heading.textContent;
    heading.focus({ preventScroll: true });
    scrollTo({ top: 0 });
  } catch { listen(); } finally { busy = false; }
};

const told = (text) => {
  online(true);
  try { if (String(JSON.parse(text).version) !== main.dataset.version) refresh(); } catch { refresh(); }
};
const online = (yes) => {
  const note = main.querySelector("[data-offline]");
  if (note) note.hidden = yes;
};

const ask = async () => {
  clearTimeout(poll);
  if (!main.dataset.poll) return;
  try {
    const answer = await fetch(main.dataset.poll, { headers: { accept: "application/json" }, cache: "no-store" });
    // The page says why it is closed to this browser; all else may pass
    if (answer.status === 403) { location.reload(); return; }
    if (!answer.ok) throw new Error(answer.status);
    told(await answer.text());
  } catch { online(false); }
  if (!source && main.dataset.poll) {
    clearTimeout(poll);
    poll = setTimeout(ask, POLL_MS[Math.min(rounds++, POLL_MS.length - 1)]);
  }
};

// The stream first; where it fails twice in a row (proxies, old phones), polling
const listen = () => {
  if (source) source.close();
  source = null;
  if (!main.dataset.stream || !window.EventSource || misses > 1) { ask(); return; }
  source = new EventSource(main.dataset.stream);
  source.onmessage = (e) => { misses = 0; told(e.data); };
  source.onerror = () => {
    misses += 1;
    if (misses > 1 || source.readyState === 2) { source.close(); source = null; misses = 2; ask(); }
  };
};

const two = (n) => String(n).padStart(2, "0");
const time = (s) => (s < 3600 ? Math.floor(s / 60) : Math.floor(s / 3600) + ":" + two(Math.floor(s / 60) % 60)) + ":" + two(s % 60);

const count = () => {
  const out = main.querySelector("[data-until]");
  if (!out) return;
  const skew = Date.now() - Date.parse(main.dataset.now);
  const end = Date.parse(out.dataset.until) + skew;
  if (end - Date.now() > 86400000) return; // a date says more than a hundred hours
  const show = () => {
    const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    out.textContent = left ? out.dataset.text.replace("\ue000", time(left)) : out.dataset.over;
    if (!left) { clearInterval(clock); ask(); }
  };
  clock = setInterval(show, 1000);
  show();
};

const begin = () => {
  main = document.getElementById("main");
  misses = rounds = 0;
  if (main.dataset.stream || main.dataset.poll) { count(); listen(); }
  online(navigator.onLine !== false);
  // Only where the browser lets a page copy
  if (navigator.clipboard) for (const copy of main.querySelectorAll("[data-copy]")) {
    const label = copy.textContent;
    copy.hidden = false;
    copy.addEventListener("click", async () => {
      try { await navigator.clipboard.writeText(copy.dataset.copy); } catch { return; }
      copy.textContent = live.textContent = copy.dataset.copied;
      setTimeout(() => { copy.textContent = label; }, 2000);
    });
  }
  const print = main.querySelector("[data-print]");
  if (print) print.addEventListener("click", () => window.print());
  // One click, one try
  for (const form of main.querySelectorAll("form")) form.addEventListener("submit", (e) => {
    const button = form.querySelector("button");
    if (button.getAttribute("aria-disabled")) e.preventDefault();
    button.setAttribute("aria-disabled", "true");
  });
};
begin();

// Back from the phone's prompt: look at once
document.addEventListener("visibilitychange", () => { if (!document.hidden && (main.dataset.stream || main.dataset.poll)) ask(); });
addEventListener("pageshow", (e) => { if (e.persisted) refresh(); });
// A stream may not notice for minutes that its network is gone
addEventListener("offline", () => online(false));
addEventListener("online", () => { online(true); if (main.dataset.poll) ask(); });
