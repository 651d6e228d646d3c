const form = document.getElementById("pay");
const button = document.getElementById("send");
const sum = document.getElementById("sum");
const live = document.getElementById("live");
const byId = (id) => document.getElementById(id);
const way = () => form.elements.method && form.elements.method.value;
const put = (template, value) => template.replace("\ue000", value);

// A coupon is applied without losing what was typed
const coupon = byId("coupon");
if (coupon) coupon.addEventListener("formdata", (e) => {
  for (const [name, value] of new FormData(form)) if (!["attempt", "card_token"].includes(name) && !e.formData.has(name)) e.formData.append(name, value);
});

// A form that was sent stays sent, until the page comes back from the back button
let sent = false;
const busy = (on) => {
  sent = on;
  button.classList.toggle("busy", on);
  button.setAttribute("aria-disabled", on);
  live.textContent = on ? button.querySelector(".work").textContent : "";
};
// The back button fills the form in again after this script has run: what hangs on its fields is brought in step
const steps = [];
addEventListener("pageshow", (e) => {
  if (e.persisted) busy(false);
  for (const step of steps) step();
});

// The operator, a hint: the longest known prefix of the number
const phone = byId("f-mobile_phone");
if (phone) {
  const out = byId("op"), dial = byId("dial"), pick = form.elements.mobile_country;
  const homes = phone.dataset.operators.split(";").map((text) => {
    const [head, list] = text.split("=");
    const [code, prefix, digits, trunk, trust] = head.split(",");
    return { code, prefix, digits: +digits, trunk, trust, list: list.split("|").map((o) => o.split(":")) };
  });
  const number = (text) => {
    const bare = text.replace(/\D/g, "");
    const home = homes.find((h) => pick && h.code === pick.value);
    let full;
    if (text.trim().startsWith("+")) full = bare;
    else if (bare.startsWith("00")) full = bare.slice(2);
    else if (!home) return "";
    else if (bare.startsWith(home.prefix) && bare.length >= home.prefix.length + home.digits) full = bare;
    else full = home.prefix + (home.trunk && bare.startsWith(home.trunk) ? bare.slice(1) : bare);
    const abroad = homes.find((h) => full.startsWith(h.prefix));
    if (abroad && abroad.trunk && full.startsWith(abroad.prefix + "0")) full = abroad.prefix + full.slice(abroad.prefix.length + 1);
    return full;
  };
  const hint = () => {
    const full = number(phone.value);
    let best = "", name = "", trust = "";
    for (const h of homes) for (const [operator, prefixes] of h.list) for (const p of prefixes.split(" ")) {
      const whole = h.prefix + p;
      if (full.startsWith(whole) && whole.length > best.length) [best, name, trust] = [whole, operator, h.trust];
    }
    const text = name ? put(trust === "l" ? out.dataset.low : out.dataset.high, name) : out.dataset.none;
    if (out.textContent !== text) out.textContent = text;
    if (dial) dial.hidden = /^\s*(\+|00)/.test(phone.value);
  };
  const home = () => {
    if (pick && pick.options) phone.placeholder = pick.selectedOptions[0].dataset.example;
    hint();
  };
  phone.addEventListener("input", hint);
  if (pick && pick.options) pick.addEventListener("change", home);
  steps.push(home);
}

// The amount on the button, as the buyer types. What cannot be read for sure is left to the server.
const amount = byId("f-amount");
if (amount) {
  const shapes = JSON.parse(amount.dataset.shapes);
  const pick = form.elements.currency;
  const read = (text, digits) => {
    let s = text.replace(/[\s'\u2019_]/g, "");
    const marks = s.match(/[.,]/g) || [];
    const last = marks[marks.length - 1];
    if (!/^[0-9.,]*[0-9][0-9.,]*$/.test(s)) return null;
    let [whole, part] = [s, ""];
    if (marks.length) {
      const mixed = new Set(marks).size > 1;
      const thousands = /^[1-9]\d{0,2}([.,]\d{3})+$/;
      if (mixed) {
        if (marks.filter((m) => m === last).length > 1) return null;
        const at = s.lastIndexOf(last);
        [whole, part] = [s.slice(0, at), s.slice(at + 1)];
        if (!thousands.test(whole)) return null;
        whole = whole.replace(/[.,]/g, "");
      } else if (thousands.test(s) && !(digits === 3 && marks.length === 1)) {
        whole = s.replace(/[.,]/g, "");
      } else if (marks.length > 1 || (last === "," && thousands.test(s))) return null;
      else [whole, part] = s.split(last);
    }
    part = part.replace(/0+$/, "");
    if (part.length > digits || !/[1-9]/.test(whole + part)) return null;
    return [whole.replace(/^0+(?=\d)/, "") || "0", part.padEnd(digits, "0")];
  };
  const show = () => {
    const shape = shapes[pick ? pick.value : Object.keys(shapes)[0]];
    const got = read(amount.value, shape.digits);
    amount.inputMode = shape.digits ? "decimal" : "numeric";
    if (!got) { sum.textContent = sum.dataset.plain; return; }
    const whole = got[0].replace(/\B(?=(\d{3})+$)/g, shape.group);
    sum.textContent = put(sum.dataset.with, shape.prefix + whole + (got[1] && shape.decimal + got[1]) + shape.suffix);
  };
  amount.addEventListener("input", show);
  if (pick) pick.addEventListener("change", show);
  steps.push(show);
}

// The card field lives in a frame of the provider: only its origin is listened to, only its origin is told
const host = byId("frame");
let frame = null, ready = false, waiting = 0;
const openFrame = () => {
  if (!host || frame || way() !== "card") return;
  frame = document.createElement("iframe");
  frame.title = host.dataset.title;
  frame.allow = "payment";
  frame.src = host.dataset.src;
  frame.className = "off";
  host.append(frame);
  waiting = setTimeout(() => { if (!ready) noFrame(); }, 15000);
};
// Without the frame the card is paid on the provider's own page: the form goes out without a token
const noFrame = () => {
  host.firstElementChild.textContent = host.dataset.failed;
  form.dataset.card = "page";
};
if (host) addEventListener("message", (e) => {
  if (!frame || e.origin !== host.dataset.origin || e.source !== frame.contentWindow) return;
  const m = e.data || {};
  if (m.type === "paylinks.card.ready") {
    ready = true;
    clearTimeout(waiting);
    form.dataset.card = "frame";
    frame.className = "";
    host.firstElementChild.hidden = true;
  } else if (m.type === "paylinks.card.height") {
    if (m.height > 0 && m.height < 1200) frame.style.height = Math.ceil(m.height) + "px";
  } else if (m.type === "paylinks.card.invalid") {
    // It is written beside its field already
    busy(false);
    live.textContent = String(m.message || "").slice(0, 200);
    frame.focus();
  } else if (m.type === "paylinks.card.token" && sent && typeof m.token === "string") {
    byId("card_token").value = m.token;
    HTMLFormElement.prototype.submit.call(form);
  }
});

// What is asked of the chosen method only
const choose = () => {
  for (const field of form.querySelectorAll("[data-required]")) field.required = field.closest(".panel").dataset.way === way();
  openFrame();
};
for (const radio of form.querySelectorAll("[name=method]")) radio.addEventListener("change", choose);
steps.push(choose);
for (const step of steps) step();

// Empty fields are told about here, in the page's language; all else is the server's to judge
const tell = (field, text) => {
  const line = byId(field.id + "-error");
  if (line) line.textContent = text;
  field.closest(".field,.note").classList.toggle("bad", !!text);
  if (text) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
};
form.noValidate = true;
form.addEventListener("input", (e) => { if (e.target.getAttribute("aria-invalid")) tell(e.target, ""); });

form.addEventListener("submit", (e) => {
  if (sent) { e.preventDefault(); return; }
  const wrong = [...form.elements].filter((f) => f.willValidate && !f.checkValidity());
  for (const field of wrong) tell(field, field.validity.valueMissing ? field.dataset.missing || form.dataset.missing : form.dataset.email);
  if (wrong.length) {
    e.preventDefault();
    wrong[0].focus();
    return;
  }
  // The browser's own page of trouble would lose what was typed
  byId("unsent").textContent = navigator.onLine === false ? form.dataset.offline : "";
  if (navigator.onLine === false) { e.preventDefault(); return; }
  busy(true);
  if (way() !== "card" || form.dataset.card !== "frame" || !host) return;
  e.preventDefault();
  byId("f-card-error").textContent = "";
  if (ready) frame.contentWindow.postMessage({ type: "paylinks.card.submit" }, host.dataset.origin);
  else { noFrame(); busy(false); }
});
