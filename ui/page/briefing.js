// Briefings in the browser: quotes are dropped, moved and annotated where they stand, passages are
// added to a basket, and what is left is sent as places in speeches, of which the server makes a
// document. Data attributes say what a click means:
//   data-leave-out, data-note, data-move="±1"   of the quote they stand under
//   data-basket   the place of a passage to add
//   data-remove   take a passage out of the basket
//   data-export   the format of a document of the briefing, or of the basket alone
(() => {
  "use strict";
  if (window.rapporteurBriefing) return;

  let pane = null; // the basket
  let server = null; // the server's functions

  window.rapporteurBriefing = (element, functions) => {
    pane = element;
    server = functions;
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest(
      "[data-leave-out], [data-note], [data-move], [data-basket], [data-remove], [data-export]",
    );
    if (!button) return;
    const data = button.dataset;
    if (data.leaveOut !== undefined) drop(button);
    else if (data.note !== undefined) note(button);
    else if (data.move !== undefined) move(button, Number(data.move));
    else if (data.basket !== undefined) add(button);
    else if (data.remove !== undefined) remove(button);
    else download(button);
  });

  const entryOf = (button) => button.closest("[data-entry]");

  function drop(button) {
    const entry = entryOf(button);
    const position = entry.closest(".position");
    const near = entry.nextElementSibling ?? entry.previousElementSibling;
    entry.remove();
    if (position.querySelector("[data-entry]")) near?.querySelector("[data-leave-out]")?.focus();
    else position.remove();
    say("Dropped");
  }

  function move(button, places) {
    const entry = entryOf(button);
    const other = places < 0 ? entry.previousElementSibling : entry.nextElementSibling;
    if (!other?.matches("[data-entry]")) return;
    if (places < 0) other.before(entry);
    else other.after(entry);
    button.focus();
  }

  function note(button) {
    const entry = entryOf(button);
    let field = entry.querySelector("textarea");
    if (!field) {
      field = document.createElement("textarea");
      field.rows = 2;
      field.className = "note";
      field.setAttribute("aria-label", "Note on this quote");
      entry.append(field);
    }
    field.focus();
  }

  // ---- the basket

  function add(button) {
    const place = button.dataset.basket;
    const list = pane.querySelector("ol");
    if ([...list.children].some((item) => item.dataset.place === place)) return say("Added before");
    const from = button.closest("article");
    // Who, where and when; the strength of a match is one of the answer, not of the passage.
    const parts = [...from.querySelectorAll(".reference .part")].map((part) => part.textContent);
    const source = parts.filter((part) => !part.endsWith(" match")).join(" · ");
    const item = document.createElement("li");
    const taken = document.createElement("button");
    item.dataset.place = place;
    taken.type = "button";
    taken.className = "plain";
    taken.dataset.remove = "";
    taken.textContent = "Remove";
    item.append(
      text("span", "basket-quote", from.querySelector(".quote").textContent),
      text("span", "basket-source", source),
      taken,
    );
    list.append(item);
    show();
    say("Added to the briefing");
  }

  function text(tag, name, words) {
    const node = document.createElement(tag);
    node.className = name;
    node.textContent = words;
    return node;
  }

  function remove(button) {
    button.closest("li").remove();
    show();
  }

  function show() {
    const number = pane.querySelectorAll("li").length;
    pane.querySelector(".basket").hidden = !number;
    pane.querySelector("summary span").textContent = number;
  }

  // ---- documents

  async function download(button) {
    const briefing = button.closest(".briefing");
    const request = { format: button.dataset.export, ...(briefing ? kept(briefing) : bare()) };
    const added = basketChapter();
    if (added) request.chapters.push(added);
    if (!request.chapters.length) return say("Nothing is left to export");
    say("Writing the document…");
    try {
      const made = JSON.parse(await server.document(JSON.stringify(request)));
      if (made.error) return say(made.error);
      rapporteur.save(made);
      say(`Saved as ${made.name}`);
    } catch {
      say("Rapporteur does not answer; is it still running?");
    }
  }

  function kept(briefing) {
    return {
      title: briefing.dataset.title,
      provenance: JSON.parse(briefing.dataset.provenance),
      chapters: [...briefing.querySelectorAll("[data-chapter]")].map((sheet) => ({
        ...JSON.parse(sheet.dataset.chapter),
        sections: [...sheet.querySelectorAll("[data-section]")].map((position) => ({
          ...JSON.parse(position.dataset.section),
          entries: [...position.querySelectorAll("[data-entry]")].map((entry) => ({
            ...JSON.parse(entry.dataset.entry),
            note: entry.querySelector("textarea")?.value ?? "",
          })),
        })),
      })),
    };
  }

  const bare = () => ({
    title: "Added passages",
    provenance: { asked: [], filters: {}, speeches: 0, passages: 0 },
    chapters: [],
  });

  function basketChapter() {
    const items = [...pane.querySelectorAll("li")];
    if (!items.length) return null;
    const entries = items.map((item) => ({ place: item.dataset.place, again: [], note: "" }));
    const section = { delegation: "", found: null, entries };
    return { title: "Added passages", remarks: [], closing: [], sections: [section] };
  }

  function say(words) {
    const status = pane.querySelector(".exporting");
    status.textContent = words;
    setTimeout(() => status.textContent === words && (status.textContent = ""), 6000);
  }
})();
