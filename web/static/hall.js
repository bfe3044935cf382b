// Comfort only: every page works without this script.
"use strict";

const form = document.querySelector("form[data-plan]");
document.querySelector("[data-focus]")?.focus();

// A form that must count once: the second click finds the buttons asleep.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-once]") || event.submitter?.value === "refresh") return;
  const button = event.submitter;
  setTimeout(() => {  // after the browser has taken the button's value along
    for (const other of event.target.querySelectorAll("button")) other.disabled = true;
    if (button) button.textContent = "正在提交…";
  });
});
// Coming back with the browser's back button wakes them again.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

document.addEventListener("click", (event) => {
  const target = event.target.closest("button");
  if (!target) return;
  if (target.matches("[data-print]")) print();
  if (target.matches("[data-fill-username]")) {
    document.getElementById("username").value = target.dataset.fillUsername;
    document.getElementById("password").value = target.dataset.fillPassword;
    document.getElementById("password").focus();
  }
  if (target.matches("[data-all-paper]")) {
    for (const material of form.querySelectorAll("fieldset.material")) {
      if (!material.querySelector("input[type=radio]:checked")) {
        material.querySelector("input[value=paper]").checked = true;
      }
    }
    renewSoon();
  }
});

// 常用意见: what was chosen stands in the field, to be put right before it is sent.
document.addEventListener("change", (event) => {
  const select = event.target;
  if (!select.matches("select[data-fills]")) return;
  const field = document.getElementById(select.dataset.fills);
  const words = [...select.options].map((option) => option.dataset.words);
  if (field && (!field.value.trim() || words.includes(field.value))) {
    field.value = select.selectedOptions[0].dataset.words ?? "";
  }
});

// The way to the bar is not in the way of the bar.
const bar = document.querySelector(".acting-bar"), toBar = document.querySelector(".to-acting");
if (bar && toBar) {
  new IntersectionObserver(([seen]) => { toBar.hidden = seen.isIntersecting; }).observe(bar);
}

// 材料: which of them stands in the frame beside the list?
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[target=paper]");
  if (!link) return;
  for (const other of document.querySelectorAll("a[target=paper]")) other.removeAttribute("aria-current");
  link.setAttribute("aria-current", "true");
});

document.addEventListener("change", (event) => {
  const input = event.target;
  if (!input.matches("input[type=file]")) return;
  const limit = Number(input.dataset.limitMb) || Infinity;
  const tooLarge = [...input.files].find((file) => file.size > limit * 2 ** 20);
  const place = input.closest("fieldset, form");
  place.querySelector(".fault[data-size]")?.remove();
  if (!tooLarge) {
    if (form?.dataset.uploads !== undefined && input.files.length) upload(input);
    return;
  }
  input.value = "";
  const why = document.createElement("p");
  why.className = "fault";
  why.dataset.size = "";
  why.setAttribute("role", "alert");
  why.textContent = `文件“${tooLarge.name}”超过 ${limit} MB，请压缩后再上传。`;
  input.closest("label, form").before(why);
});

let waiting;
let asked = 0;

function renewSoon() {
  clearTimeout(waiting);
  waiting = setTimeout(renew, 400);
}

// The live list: send what was typed (no files), put the new list in place, keep what was chosen in it.
async function renew() {
  const turn = ++asked;
  const body = new FormData(form);
  for (const name of [...body.keys()]) if (name.startsWith("file.")) body.delete(name);
  let answer;
  try {
    answer = await fetch(form.dataset.plan, { method: "POST", body });
  } catch {
    return;  // no connection: the button still sends the form
  }
  if (turn !== asked || !answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("plan");
  if (!fresh || turn !== asked) return;
  const plan = document.getElementById("plan");
  const focus = document.activeElement;
  for (const place of fresh.querySelectorAll("[data-keep]")) {
    const old = plan.querySelector(`[data-keep="${CSS.escape(place.dataset.keep)}"]`);
    if (!old) continue;
    renewOffers(old, place);
    place.replaceWith(old);
  }
  plan.replaceWith(fresh);
  if (focus && focus !== document.activeElement) focus.focus();
  showAsked(fresh);
}

// What earlier cases hold depends on who applies; the rest of the material stays as it was chosen.
function renewOffers(old, fresh) {
  const [had, has] = [old, fresh].map((place) => place.querySelector("[data-offers]"));
  if (!had || !has || had.dataset.offers === has.dataset.offers) return;
  const chosen = old.querySelector("input[type=radio]:checked");
  had.replaceWith(has);
  const again = chosen && [...old.querySelectorAll("input[type=radio]")].find((one) => one.value === chosen.value);
  if (again) again.checked = true;
}

// What is chosen travels at once, where the form says so: it is safe before the rest is filled in.
async function upload(input) {
  const place = input.closest("[data-keep]");
  const body = new FormData(form);
  for (const name of [...body.keys()]) if (name.startsWith("file.") && name !== input.name) body.delete(name);
  place.setAttribute("aria-busy", "true");
  const answer = await fetch(form.dataset.plan, { method: "POST", body }).catch(() => null);
  place.removeAttribute("aria-busy");
  if (!answer?.ok || answer.redirected) return;  // it goes along when the form is sent
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector(`[data-keep="${CSS.escape(place.dataset.keep)}"]`);
  const now = document.querySelector(`[data-keep="${CSS.escape(place.dataset.keep)}"]`);
  if (!fresh || !now) return;
  now.replaceWith(fresh);
  fresh.focus();
}

function showAsked(plan) {
  const questions = new Set(plan.dataset.asked.split(" "));
  for (const place of document.querySelectorAll("[data-question]")) {
    place.hidden = !questions.has(place.dataset.question);
  }
  for (const button of document.querySelectorAll("[data-all-paper]")) button.hidden = false;
}

// A card that was read into another field of the person: a number, and something beside it.
const CARD = /^(?=.*[0-9０-９]{17}[0-9０-９Xx])(?=.*[,，|;；])/;

// Enter moves on, as people and identity readers expect; it never sends the form by accident.
function onEnter(event) {
  const field = event.target;
  if (event.key !== "Enter" || event.isComposing || !field.matches("input:not([type=file])")) return;
  event.preventDefault();
  const reader = field.closest("section")?.querySelector("[data-reader]");
  if (reader && (reader === field ? field.value.trim() : CARD.test(field.value))) {
    if (reader !== field) [reader.value, field.value] = [field.value, ""];
    form.requestSubmit(form.querySelector("[data-refresh]"));  // the server reads the card
    return;
  }
  const places = [...form.querySelectorAll("input, select, textarea, button")].filter(
    (place) => place === field || (place.offsetParent && place.type !== "hidden" && place.name !== field.name));
  places[places.indexOf(field) + 1]?.focus();
}

if (document.querySelector("[data-print-now]")) {
  history.replaceState(null, "", location.pathname);  // coming back prints nothing
  addEventListener("load", () => print());
}

if (form) {
  // Reload and back then show the form as it was kept, instead of asking to send it again.
  // Where nobody signs in the name of the form is the key to it, and stands in no address.
  if (form.dataset.private === undefined) {
    history.replaceState(null, "", `${form.action}?form=${form.elements.form.value}`);
  }
  form.querySelector("[data-refresh]").hidden = true;  // the list renews itself
  form.addEventListener("input", renewSoon);
  form.addEventListener("keydown", onEnter);
  showAsked(document.getElementById("plan"));
}

// 公用设备: nobody has touched it for a while; ask for a minute, then end for them.
const idle = document.querySelector("form[data-idle]");
if (idle) {
  const warning = Object.assign(document.createElement("div"), { className: "idle", hidden: true });
  warning.setAttribute("role", "alert");
  document.body.append(warning);
  let last, renewed = Date.now();
  const touched = () => {
    last = Date.now();
    warning.hidden = true;
  };
  for (const kind of ["pointerdown", "keydown", "input", "scroll"]) addEventListener(kind, touched, { passive: true });
  touched();
  setInterval(() => {
    const left = Math.ceil((last - Date.now()) / 1000 + Number(idle.dataset.idle));
    if (left <= 0) idle.requestSubmit();
    else if (left <= 60) {
      if (warning.hidden) warning.textContent = "很久没有操作，一分钟后自动结束并清除。还在办理的，请点一下屏幕或按任意键。";
      warning.hidden = false;
    }
    // The server counts from its last answer: while somebody writes, it is asked for another one.
    if (idle.dataset.renew && last > renewed && Date.now() - renewed >= 5 * 60_000) {
      renewed = Date.now();
      fetch(idle.dataset.renew).catch(() => null);
    }
  }, 1000);
}
