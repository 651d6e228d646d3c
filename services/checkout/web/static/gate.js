// The button counts down until another code may be asked for; the server would refuse before
const again = document.getElementById("again");
if (again && again.dataset.at) {
  const label = again.textContent;
  const end = Date.parse(again.dataset.at) - Date.parse(again.dataset.now) + performance.now();
  const at = document.getElementById("again-at");
  let clock = 0;
  const show = () => {
    const left = Math.ceil((end - performance.now()) / 1000);
    again.disabled = left > 0;
    again.textContent = left > 0 ? again.dataset.text.replace("\ue000", Math.floor(left / 60) + ":" + String(left % 60).padStart(2, "0")) : label;
    if (left > 0) return;
    clearInterval(clock);
    document.getElementById("live").textContent = label;
  };
  if (at) at.hidden = true;
  clock = setInterval(show, 1000);
  show();
}
// One click, one request
for (const form of document.querySelectorAll("form")) form.addEventListener("submit", (e) => {
  if (form.dataset.sent) e.preventDefault();
  form.dataset.sent = "1";
});
addEventListener("pageshow", () => { for (const form of document.querySelectorAll("form")) delete form.dataset.sent; });
