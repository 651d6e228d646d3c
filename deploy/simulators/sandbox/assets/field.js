// The card field. It talks to one origin, the page that framed it, and tells it a token, never a number.
const config = JSON.parse(document.body.dataset.config);
const { texts, brands } = config;
const fields = Object.fromEntries(["number", "expiry", "cvc"].map((name) => [name, document.getElementById(name)]));
const badge = document.getElementById("brand");
let sending = false;

const tell = (message) => window.parent.postMessage(message, config.parent);
const digits = (text) => text.replace(/\D/g, "");

function brandOf(number) {
  return brands.find(({ ranges }) =>
    ranges.some(([low, high]) => {
      const prefix = number.slice(0, low.length);
      return prefix.length === low.length && low <= prefix && prefix <= high;
    }));
}

function luhn(number) {
  let total = 0;
  [...number].reverse().forEach((digit, position) => {
    const value = Number(digit) * (position % 2 ? 2 : 1);
    total += value > 9 ? value - 9 : value;
  });
  return total % 10 === 0;
}

function grouped(number, groups) {
  const parts = [];
  let rest = number;
  for (const size of groups) {
    if (rest) parts.push(rest.slice(0, size));
    rest = rest.slice(size);
  }
  return parts.join(" ");
}

// The caret stays behind the digit that was just typed, wherever the spaces moved to.
function rewrite(input, format) {
  const before = digits(input.value.slice(0, input.selectionStart)).length;
  const text = format(input.value);
  if (text === input.value) return;
  const atEnd = input.selectionStart === input.value.length;
  input.value = text;
  let caret = text.length;
  if (!atEnd) {
    caret = 0;
    for (let seen = 0; seen < before && caret < text.length; caret += 1) if (/\d/.test(text[caret])) seen += 1;
  }
  input.setSelectionRange(caret, caret);
}

function formatNumber(text) {
  const number = digits(text);
  const brand = brandOf(number);
  return grouped(number.slice(0, brand ? Math.max(...brand.lengths) : 19), brand?.groups ?? [4, 4, 4, 4, 3]);
}

function formatExpiry(text, deleting) {
  let typed = digits(text);
  // "7" can only be July; browsers fill in "07/2030".
  if (/^[2-9]/.test(typed) || /^\d\s*\//.test(text)) typed = `0${typed}`;
  if (/^\d\d20\d\d/.test(typed)) typed = typed.slice(0, 2) + typed.slice(4);
  typed = typed.slice(0, 4);
  return typed.length > 2 || (typed.length === 2 && !deleting) ? `${typed.slice(0, 2)} / ${typed.slice(2)}` : typed;
}

function faultOf(name) {
  const number = digits(fields.number.value);
  const brand = brandOf(number);
  const value = digits(fields[name].value);
  if (!value) return texts[`${name}_missing`];
  if (name === "number") return brand?.lengths.includes(number.length) && luhn(number) ? "" : texts.number_invalid;
  if (name === "cvc") {
    const fits = brand ? value.length === brand.cvc_length : value.length >= 3;
    return fits ? "" : brand?.cvc_length === 4 ? texts.cvc_invalid_4 : texts.cvc_invalid;
  }
  const month = Number(value.slice(0, 2));
  const year = 2000 + Number(value.slice(2));
  const now = new Date();
  if (value.length !== 4 || month < 1 || month > 12 || year > now.getUTCFullYear() + 20) return texts.expiry_invalid;
  const past = year * 12 + month < now.getUTCFullYear() * 12 + now.getUTCMonth() + 1;
  return past ? texts.expiry_past : "";
}

function show(name, message) {
  const place = document.getElementById(`${name}-error`);
  if (place.textContent !== message) place.textContent = message;
  if (message) fields[name].setAttribute("aria-invalid", "true");
  else fields[name].removeAttribute("aria-invalid");
}

// The first field that is wrong, after every field says what is.
function firstFault() {
  const faults = Object.keys(fields).map((name) => ({ field: name, message: faultOf(name) }));
  faults.forEach(({ field, message }) => show(field, message));
  return faults.find(({ message }) => message);
}

function refuse({ field, message }) {
  show(field, message);
  fields[field].focus();
  tell({ type: "paylinks.card.invalid", field, message });
}

function faultFromAnswer(error) {
  if (error?.code === "not_a_test_card") return { field: "number", message: texts.number_not_test };
  const field = { number: "number", exp_month: "expiry", exp_year: "expiry", cvc: "cvc" }[error?.param];
  return field ? { field, message: texts[`${field}_invalid`] } : { field: "number", message: texts.unreachable };
}

async function submit() {
  if (sending) return;
  const fault = firstFault();
  if (fault) return refuse(fault);
  sending = true;
  const expiry = digits(fields.expiry.value);
  const card = {
    number: digits(fields.number.value),
    exp_month: Number(expiry.slice(0, 2)),
    exp_year: 2000 + Number(expiry.slice(2)),
    cvc: digits(fields.cvc.value),
  };
  try {
    const answer = await fetch("/v1/tokens", {
      method: "POST",
      headers: { Authorization: `Bearer ${config.key}`, "Content-Type": "application/json" },
      body: JSON.stringify(card),
      signal: AbortSignal.timeout(10000),
    });
    const body = await answer.json();
    if (answer.ok) tell({ type: "paylinks.card.token", token: body.token, brand: body.brand, last4: body.last4 });
    else refuse(faultFromAnswer(body.error));
  } catch {
    refuse({ field: "number", message: texts.unreachable });
  } finally {
    sending = false;
  }
}

fields.number.addEventListener("input", () => {
  rewrite(fields.number, formatNumber);
  const brand = brandOf(digits(fields.number.value));
  badge.textContent = brand?.name ?? "";
  fields.cvc.placeholder = brand?.cvc_length === 4 ? texts.cvc_hint_4 : texts.cvc_hint;
});
fields.expiry.addEventListener("input", (event) => {
  const deleting = event.inputType?.startsWith("delete") ?? false;
  rewrite(fields.expiry, (text) => formatExpiry(text, deleting));
});
fields.cvc.addEventListener("input", () => rewrite(fields.cvc, (text) => digits(text).slice(0, 4)));
for (const [name, input] of Object.entries(fields)) {
  // A field that was left empty is not wrong yet; one that was corrected is right at once.
  input.addEventListener("blur", () => input.value && show(name, faultOf(name)));
  input.addEventListener("input", () => input.hasAttribute("aria-invalid") && !faultOf(name) && show(name, ""));
}
// Enter goes on to what is missing; the page around the frame owns the button that pays.
document.getElementById("card").addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  event.preventDefault();
  const fault = firstFault();
  if (fault) fields[fault.field].focus();
});
window.addEventListener("message", (event) => {
  if (event.source !== window.parent || event.origin !== config.parent) return;
  if (event.data?.type === "paylinks.card.submit") submit();
});

new ResizeObserver(() => {
  tell({ type: "paylinks.card.height", height: Math.ceil(document.body.getBoundingClientRect().height) });
}).observe(document.body);
tell({ type: "paylinks.card.ready" });
