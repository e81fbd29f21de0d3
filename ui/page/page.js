// What the page does in the browser. Nothing here is built from the text of a speech: markup
// comes escaped from the server, and what a click means is read from data attributes:
//   data-source  open a speech (and span); the value is what follows # in the address
//   data-copy    copy the value        data-ask    ask the value      data-check   check it
//   data-widen   ask the turn again of all speeches
//   data-drop    ask the turn again without what the value names
(() => {
  "use strict";
  if (window.rapporteur) return;

  const narrow = matchMedia("(max-width: 860px)");
  const wantsText = (node) => node.matches("input, textarea, select");
  let pane = null; // the right-hand side
  let reading = null; // the part of it that holds an open speech
  let server = null; // the server's functions
  let opener = null; // what was clicked to open the source; focus returns there
  let waits = []; // timers of what is said while an answer is awaited
  let latest = 0; // number of the last request, so that a late answer is dropped

  // ---- the conversation

  function conversation(element, props, watch, send) {
    const log = element.querySelector(".log");
    const status = element.querySelector(".status");
    watch("value", () => (props.value ? append(log, status, props.value) : clear(log, status)));
    log.addEventListener("click", (event) => {
      const button = event.target.closest(
        "[data-ask], [data-check], [data-widen], [data-copy], [data-drop]",
      );
      if (!button) return;
      if (button.dataset.copy !== undefined) copy(button, status);
      else if (button.dataset.drop !== undefined)
        send.drop(button.dataset.turn, button.dataset.drop);
      else if (button.dataset.ask !== undefined) send.ask(button.dataset.ask);
      else if (button.dataset.check !== undefined) send.check(button.dataset.check);
      else send.widen(button.dataset.turn);
    });
    cards(log);
  }

  // Said only when it takes long enough to wonder.
  function asking(question) {
    const status = document.querySelector("#log .status");
    if (typeof question === "string" && !question.trim()) {
      status.textContent = "Type something first.";
      return;
    }
    const say = (words) => () => (status.textContent = words);
    waits = [
      setTimeout(say("Searching the speeches…"), 400),
      setTimeout(say("No answer yet; is Rapporteur still running?"), 20000),
    ];
  }

  function restoring(stored) {
    if (stored?.turns?.length)
      waits = [setTimeout(() => tell("Asking the conversation again…"), 400)];
  }

  function tell(words) {
    document.querySelector("#log .status").textContent = words;
  }

  const told = () => document.querySelector("#log .status").textContent;

  function append(log, status, html) {
    waits.forEach(clearTimeout);
    log.querySelectorAll(".suggested").forEach((offer) => offer.remove());
    document.getElementById("talk").classList.add("begun");
    log.insertAdjacentHTML("beforeend", html);
    status.textContent = "";
    const turn = log.lastElementChild;
    // To the top of the turn, its rule just out of sight.
    log.scrollTop += turn.getBoundingClientRect().top - log.getBoundingClientRect().top + 2;
  }

  function clear(log, status) {
    log.querySelectorAll(".turn").forEach((turn) => turn.remove());
    document.getElementById("talk").classList.remove("begun");
    status.textContent = "";
    log.scrollTop = 0;
    leaveSource();
  }

  // Follow-ups that have answers, under the turn that they follow.
  function offers(props, watch) {
    watch("value", () => {
      const turn = document.querySelector(".log .turn:last-of-type");
      if (!turn || !props.value.includes(`data-after="${turn.dataset.turn}"`)) return;
      turn.insertAdjacentHTML("beforeend", props.value);
    });
  }

  // The menu of documents of the conversation.
  function exports(element, write) {
    const menu = element.querySelector("details");
    element.addEventListener("click", (event) => {
      const button = event.target.closest("[data-write]");
      if (!button) return;
      menu.open = false;
      menu.querySelector("summary").focus();
      tell("Writing the document…");
      write(button.dataset.write);
    });
    const close = (event) => menu.contains(event.target) || (menu.open = false);
    document.addEventListener("click", close);
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !menu.open) return;
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  }

  // Documents made by the server, saved by the browser.
  function saves(props, watch) {
    watch("value", () => {
      if (!props.value) return;
      const made = JSON.parse(props.value);
      if (!made.error) save(made);
      const words = made.error ?? `Saved as ${made.name}`;
      tell(words);
      setTimeout(() => told() === words && tell(""), 6000);
    });
  }

  function save({ name, type, data }) {
    const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([bytes], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  async function copy(button, status) {
    const copied = await toClipboard(button.dataset.copy);
    button.textContent = copied ? "Copied" : "Not copied";
    status.textContent = copied
      ? "Copied the quotation with its reference"
      : "The browser does not allow copying";
    setTimeout(() => {
      button.textContent = "Copy";
      status.textContent = "";
    }, 2000);
  }

  // Browsers offer the clipboard to https and to this machine only.
  async function toClipboard(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const area = Object.assign(document.createElement("textarea"), { value: text });
      const focused = document.activeElement;
      document.body.append(area);
      area.select();
      const copied = document.execCommand("copy");
      area.remove();
      focused?.focus({ preventScroll: true });
      return copied;
    }
  }

  // ---- cards: what a marker cites, shown while it is hovered or focused

  function cards(log) {
    let timer = 0;
    const over = (event, delay) => {
      const marker = event.target.closest?.(".marker");
      clearTimeout(timer);
      if (marker) timer = setTimeout(() => showCard(marker), delay);
    };
    log.addEventListener("pointerover", (e) => e.pointerType === "mouse" && over(e, 200));
    log.addEventListener("pointerout", (event) => {
      clearTimeout(timer);
      if (event.target.closest(".marker")) hideCards();
    });
    log.addEventListener("focusin", (event) => {
      if (event.target.matches(".marker:focus-visible") && event.target !== opener) over(event, 0);
    });
    log.addEventListener("focusout", () => {
      clearTimeout(timer);
      hideCards();
    });
    log.addEventListener("scroll", hideCards, { passive: true });
  }

  function showCard(marker) {
    hideCards();
    const card = document.getElementById(marker.getAttribute("aria-describedby"));
    if (!card || !marker.isConnected) return;
    card.hidden = false;
    const at = marker.getBoundingClientRect();
    const size = card.getBoundingClientRect();
    const left = Math.max(8, Math.min(at.left - 24, innerWidth - size.width - 8));
    const below = at.bottom + 8 + size.height <= innerHeight;
    card.style.left = `${left}px`;
    card.style.top = `${below ? at.bottom + 8 : Math.max(8, at.top - size.height - 8)}px`;
  }

  function hideCards() {
    const open = document.querySelectorAll(".card:not([hidden])");
    open.forEach((card) => (card.hidden = true));
    return open.length > 0;
  }

  // ---- the source beside the conversation

  function source(element, functions) {
    server = functions;
    pane = element.querySelector(".pane");
    reading = pane.querySelector(".reading");
    const find = pane.querySelector(".find");
    let timer = 0;
    find.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => browse(find.value), 120);
    });
    addEventListener("hashchange", follow);
    narrow.addEventListener("change", () => setSheet(isSheet()));
    follow();
  }

  async function browse(text) {
    const asked = ++latest;
    const html = await fetched(() => server.browse(text));
    if (asked === latest) pane.querySelector(".listed").innerHTML = html;
  }

  async function fetched(call) {
    try {
      return await call();
    } catch {
      return '<p class="notice">Rapporteur does not answer; is it still running?</p>';
    }
  }

  // The address says what is open, so that it can be bookmarked and gone back to.
  function open(place, from) {
    opener = from;
    hideCards();
    if (location.hash === `#${place}`) follow();
    else location.hash = place;
  }

  async function follow() {
    const place = location.hash.slice(1);
    if (!new URLSearchParams(place).has("speech")) {
      // Back from a citation leads to the conversation, also where the source lay over it.
      setSheet(false);
      return showList();
    }
    const asked = ++latest;
    const html = await fetched(() => server.speech(place));
    if (asked !== latest) return;
    reading.innerHTML = html;
    pane.querySelector(".browse").hidden = true;
    reading.hidden = false;
    setSheet(true);
    showCurrent(place);
    reading.focus({ preventScroll: true });
    centre(reading.querySelectorAll("mark"));
  }

  function centre(marks) {
    reading.scrollTop = 0;
    if (!marks.length) return;
    const box = reading.getBoundingClientRect();
    const top = marks[0].getBoundingClientRect().top - box.top;
    const height = marks[marks.length - 1].getBoundingClientRect().bottom - box.top - top;
    reading.scrollTop = top - Math.max(72, (box.height - height) / 2);
    marks.forEach((mark) => mark.classList.add("flash"));
  }

  function showCurrent(place) {
    for (const marker of document.querySelectorAll(".marker"))
      if (place && marker.dataset.source === place) marker.setAttribute("aria-current", "true");
      else marker.removeAttribute("aria-current");
  }

  function showList() {
    latest++;
    showCurrent("");
    reading.hidden = true;
    reading.innerHTML = "";
    pane.querySelector(".browse").hidden = false;
  }

  function dropHash() {
    if (location.hash) history.pushState(null, "", location.pathname + location.search);
  }

  function backToList() {
    dropHash();
    showList();
    pane.querySelector(".find").focus();
  }

  function leaveSource() {
    dropHash();
    showList();
    setSheet(false);
  }

  function isSheet() {
    return document.getElementById("room").classList.contains("sheet-open");
  }

  // Where there is no room beside the conversation the source lies over it, as a dialog.
  function setSheet(shown) {
    document.getElementById("room").classList.toggle("sheet-open", shown);
    const over = shown && narrow.matches;
    for (const part of document.querySelectorAll("#talk, #masthead")) part.inert = over;
    pane.setAttribute("role", over ? "dialog" : "region");
    pane.toggleAttribute("aria-modal", over);
  }

  function closeSource() {
    if (narrow.matches) leaveSource();
    if (opener?.isConnected) opener.focus({ preventScroll: narrow.matches });
    opener = null;
  }

  // ---- filters

  function chips(element, remove) {
    element.addEventListener("click", (event) => {
      const chip = event.target.closest("[data-filter]");
      if (chip) remove(chip.dataset.filter);
    });
  }

  // Gradio shows only by an arrow whether the filters are open; this says it.
  function disclose(event) {
    const button = event.target.closest("#filters > button");
    if (button)
      setTimeout(() => button.setAttribute("aria-expanded", button.classList.contains("open")));
  }

  // ---- everywhere

  document.addEventListener("focusin", disclose);
  document.addEventListener("click", disclose);

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-source], [data-back], [data-close], [data-browse]");
    if (!button) return;
    if (button.dataset.source !== undefined) open(button.dataset.source, button);
    else if (button.dataset.back !== undefined) backToList();
    else if (button.dataset.close !== undefined) closeSource();
    else {
      opener = button;
      setSheet(true);
      pane.querySelector(".find").focus();
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || hideCards()) return;
    if (pane?.contains(document.activeElement) || (isSheet() && narrow.matches)) closeSource();
    else if (wantsText(document.activeElement)) document.activeElement.blur();
  });

  window.rapporteur = {
    asking, restoring, conversation, offers, exports, saves, save, source, chips,
  };
})();
