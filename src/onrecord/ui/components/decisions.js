// Shows nothing itself: hands what people decided to the article and to the claim.

export default function ({ parentElement, data }) {
  setDecided(data.check, data);
  stage(parentElement).replaceChildren(el("p", { class: "visually-hidden", role: "status" }, data.progress));
}
