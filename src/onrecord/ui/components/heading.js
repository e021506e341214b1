// What stands above a checked article, and how the check was made.

export default function ({ parentElement, data }) {
  const place = stage(parentElement);
  const address = outward(data.address, data.address_text) || data.address_text;
  place.replaceChildren(
    el("h1", {}, data.title),
    el("p", { class: "meta" }, dotted([...data.facts, address])),
    data.incomplete ? el("p", { class: "notice", role: "status" }, data.incomplete) : "",
    ...data.warnings.map((warning) => el("p", { class: "notice" }, warning)),
  );
}
