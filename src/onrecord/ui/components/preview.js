// Plain text that is about to be checked.

export default function ({ parentElement, data }) {
  stage(parentElement).replaceChildren(
    el("div", { class: "sheet", tabindex: "0", role: "region", "aria-label": data.label },
      data.paragraphs.map((text) => el("p", {}, text))),
  );
}
