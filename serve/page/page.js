// The chat page: a dialogue over /v1/chat/completions, and what /card says of the model.
"use strict";

const $ = (id) => document.getElementById(id);
const SAMPLING = ["temperature", "top_p", "top_k", "min_p", "repetition_penalty", "seed", "max_tokens"];
const KINDS = { attn: "full attention", swa: "sliding window", jet: "JetBlock" };

let cards = [];
let dialogue = [];      // {role, content, failed?}
let running = null;     // AbortController of the answer that is being written
let tokens = 0;         // of the dialogue, as the server counted them last

const card = () => cards.find((each) => each.id === $("model").value) ?? cards[0];

// ---- numbers for people

function bytes(n) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  while (n >= 1000 && unit + 1 < units.length) { n /= 1000; unit++; }
  return `${n >= 100 || unit === 0 ? Math.round(n) : n.toPrecision(3)} ${units[unit]}`;
}
const count = (n) => n.toLocaleString("en-US");

function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "onclick") node.addEventListener("click", value);
    else node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}

// ---- the dialogue

// Text with its fenced code as blocks; nothing of it becomes markup.
function fill(body, text) {
  body.replaceChildren();
  text.split(/^```/m).forEach((part, index) => {
    if (index % 2 === 0) { body.append(part); return; }
    const line = part.indexOf("\n");
    body.append(element("pre", {}, line < 0 ? "" : part.slice(line + 1)));
  });
}

function draw() {
  const list = $("messages");
  list.replaceChildren(...dialogue.map((message, index) => {
    const body = element("div", { class: "body" });
    fill(body, message.content);
    const who = message.role === "user" ? "You" : message.failed ? "Error" : card().id;
    const tools = element("div", { class: "tools" });
    if (message.role === "user") tools.append(element("button", { type: "button", onclick: () => edit(index) }, "Edit"));
    else if (!message.failed) tools.append(element("button", { type: "button", onclick: () => navigator.clipboard.writeText(message.content) }, "Copy"));
    if (message.role === "assistant" && index === dialogue.length - 1)
      tools.append(element("button", { type: "button", class: "again", onclick: () => regenerate(index) }, "Regenerate"));
    return element("li", { class: `message ${message.role}${message.failed ? " error" : ""}` },
      element("p", { class: "who" }, who), body, tools);
  }));
  list.scrollTop = list.scrollHeight;
  if (running) for (const button of list.querySelectorAll("button")) button.disabled = true;
  $("send").hidden = running !== null;
  $("stop").hidden = running === null;
}

function edit(index) {
  const row = $("messages").children[index];
  const field = element("textarea", { rows: "3", "aria-label": "Edit the message" });
  field.value = dialogue[index].content;
  const save = () => {
    const text = field.value.trim();
    if (!text) return;
    dialogue = dialogue.slice(0, index);
    ask(text);
  };
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); save(); }
    if (event.key === "Escape") draw();
  });
  row.querySelector(".body").replaceChildren(field);
  row.querySelector(".tools").replaceChildren(
    element("button", { type: "button", onclick: save }, "Send"),
    element("button", { type: "button", onclick: draw }, "Cancel"));
  field.focus();
}

function regenerate(index) {
  dialogue = dialogue.slice(0, index);
  answer();
}

function ask(text) {
  dialogue.push({ role: "user", content: text });
  answer();
}

function request() {
  const body = { model: card().id, stream: true, stream_options: { include_usage: true } };
  for (const name of SAMPLING) {
    const value = $(name).value.trim();
    if (value !== "") body[name] = Number(value);
  }
  const said = dialogue.filter((message) => !message.failed);
  if (!card().has_chat_template) return ["/v1/completions", { ...body, prompt: said.map((message) => message.content).join("") }];
  const messages = said.map(({ role, content }) => ({ role, content }));
  const system = $("system").value.trim();
  if (system) messages.unshift({ role: "system", content: system });
  return ["/v1/chat/completions", { ...body, messages }];
}

// The events of a stream, one JSON object each.
async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    waiting += value;
    for (let end; (end = waiting.indexOf("\n\n")) >= 0;) {
      const data = waiting.slice(0, end).replace(/^data: /, "");
      waiting = waiting.slice(end + 2);
      if (data !== "[DONE]") yield JSON.parse(data);
    }
  }
}

async function answer() {
  running = new AbortController();
  const message = { role: "assistant", content: "" };
  const [path, body] = request();
  dialogue.push(message);
  draw();
  const shown = $("messages").lastElementChild.querySelector(".body");
  const begun = performance.now();
  let first = 0, pieces = 0;
  try {
    const response = await fetch(path, {
      method: "POST", signal: running.signal, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error((await response.json()).error.message);
    for await (const event of events(response)) {
      if (event.error) throw new Error(event.error.message);
      if (event.usage) report(event.usage, first - begun, performance.now() - first);
      const choice = event.choices[0];
      const text = choice?.delta?.content ?? choice?.text;
      if (!text) continue;
      first ||= performance.now();
      pieces++;
      message.content += text;
      fill(shown, message.content);
      const list = $("messages");
      if (list.scrollHeight - list.scrollTop - list.clientHeight < 120) list.scrollTop = list.scrollHeight;
      if (pieces > 1) $("speed").textContent = `${(1000 * (pieces - 1) / (performance.now() - first)).toFixed(1)} tokens/s`;
    }
    $("announce").textContent = message.content;
  } catch (error) {
    if (error.name !== "AbortError") {
      if (!message.content) dialogue.pop();
      dialogue.push({ role: "assistant", content: error.message, failed: true });
      $("announce").textContent = error.message;
    } else if (!message.content) {
      dialogue.pop();
    }
  }
  running = null;
  draw();
  $("question").focus();
}

function report(usage, wait, time) {
  tokens = usage.total_tokens;
  const cached = usage.prompt_tokens_details?.cached_tokens ?? 0;
  const rate = usage.completion_tokens > 1 ? `, ${(1000 * (usage.completion_tokens - 1) / time).toFixed(1)} tokens/s` : "";
  $("speed").textContent = `${count(usage.prompt_tokens)} tokens in${cached ? ` (${count(cached)} kept)` : ""}, ` +
    `${count(usage.completion_tokens)} out, first after ${(wait / 1000).toFixed(2)} s${rate}`;
  drawMemory();
}

// ---- the model

function drawCard() {
  const it = card();
  const rows = {
    Architecture: it.architecture, Parameters: count(it.parameters), Weights: bytes(it.weight_bytes),
    Vocabulary: count(it.vocabulary), Context: `${count(it.max_model_len)} tokens`,
  };
  $("card").replaceChildren(...Object.entries(rows).flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
  $("layers").replaceChildren(...it.layers.map((kind, index) => element("i", { class: kind, title: `layer ${index}: ${KINDS[kind] ?? kind}` })));
  const sums = new Map();
  for (const kind of it.layers) sums.set(kind, (sums.get(kind) ?? 0) + 1);
  const said = [...sums].map(([kind, n]) => `${n} ${KINDS[kind] ?? kind}`);
  $("layers").setAttribute("aria-label", `${it.layers.length} layers: ${said.join(", ")}`);
  $("kinds").replaceChildren(...[...sums].map(([kind], index) => element("li", { class: kind }, said[index])));
  drawMemory();
}

function drawMemory() {
  const { state, max_model_len: context } = card();
  const fixed = state.recurrent_bytes + state.convolution_bytes + state.window_bytes;
  const own = (n) => fixed + state.kv_bytes_per_token * n;
  const plain = (n) => state.plain_kv_bytes_per_token * n;
  const most = Math.max(own(context), plain(context));
  const x = (n) => 10 + 300 * n / context;
  const y = (size) => 125 - 110 * size / most;
  const part = (name, attributes, text) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (text !== undefined) node.textContent = text;
    return node;
  };
  const line = (kind, size) => part("line", { class: kind, x1: x(0), y1: y(size(0)), x2: x(context), y2: y(size(context)) });
  $("memory").replaceChildren(
    part("line", { class: "axis", x1: 10, y1: 125, x2: 310, y2: 125 }),
    part("text", { x: 10, y: 140 }, "0"),
    part("text", { x: 310, y: 140, "text-anchor": "end" }, `${count(context)} tokens`),
    part("text", { x: 10, y: 10 }, bytes(most)),
    part("line", { class: "now", x1: x(tokens), y1: 12, x2: x(tokens), y2: 125 }),
    line("plain", plain), line("own", own),
    part("circle", { class: "plain", cx: x(tokens), cy: y(plain(tokens)), r: 3 }),
    part("circle", { class: "own", cx: x(tokens), cy: y(own(tokens)), r: 4 }));
  $("memory-text").textContent = `${count(tokens)} tokens: ${bytes(own(tokens))}; with attention in every layer ${bytes(plain(tokens))}. ` +
    `At ${count(context)}: ${bytes(own(context))} against ${bytes(plain(context))}.`;
}

// ---- begin

function remember() {
  const kept = { system: $("system").value };
  for (const name of SAMPLING) kept[name] = $(name).value;
  localStorage.setItem("jet", JSON.stringify({ ...kept, theme: document.documentElement.dataset.theme ?? "" }));
}

function recall() {
  const kept = JSON.parse(localStorage.getItem("jet") ?? "{}");
  for (const name of ["system", ...SAMPLING]) if (kept[name] !== undefined) $(name).value = kept[name];
  if (kept.theme) document.documentElement.dataset.theme = kept.theme;
}

function showPanel(shown) {
  $("panel").hidden = !shown;
  $("panel-toggle").setAttribute("aria-expanded", String(shown));
}

function send() {
  const text = $("question").value.trim();
  if (!text || running) return;
  $("question").value = "";
  ask(text);
}

$("composer").addEventListener("submit", (event) => { event.preventDefault(); send(); });
$("question").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); send(); }
});
document.addEventListener("keydown", (event) => { if (event.key === "Escape") running?.abort(); });
$("stop").addEventListener("click", () => running?.abort());
$("begin").addEventListener("click", () => { running?.abort(); dialogue = []; tokens = 0; draw(); drawMemory(); $("question").focus(); });
$("panel-toggle").addEventListener("click", () => showPanel($("panel").hidden));
$("panel").addEventListener("change", remember);
$("model").addEventListener("change", drawCard);
$("theme").addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  remember();
});

async function begin() {
  recall();
  showPanel(innerWidth > 800);
  for (;;) {
    const response = await fetch("/card");
    if (response.ok) { cards = await response.json(); break; }
    $("speed").textContent = (await response.json()).error.message;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  $("speed").textContent = "\u00a0";
  $("model").replaceChildren(...cards.map((each) => element("option", { value: each.id }, each.id)));
  drawCard();
  $("question").focus();
}
begin();
